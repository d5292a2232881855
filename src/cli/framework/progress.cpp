#include "cli/framework/progress.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/framework/deadline.hpp"
#include "cli/output/display.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto worth_telling = 500ms;
constexpr auto redraw = 100ms;
constexpr auto between_objects = 1s;
constexpr auto between_lines = 10s;

std::string duration_text(std::chrono::seconds time) {
    const auto s = time.count();
    return s < 120 ? fmt::format("{} s", s) : s < 7200 ? fmt::format("{} min", (s + 30) / 60) : fmt::format("{} h", (s + 1800) / 3600);
}

std::string rate_text(double per_second) {
    return per_second >= 10 || per_second == 0 ? fmt::format("{:.0f}/s", per_second) : fmt::format("{:.1f}/s", per_second);
}

/// A share of the work as so many cells.
std::string cells_for(double share, std::size_t width, bool utf8) {
    const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
    std::string cells;
    for (std::size_t i = 0; i < width; ++i) cells += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
    return utf8 ? cells : "[" + cells + "]";
}

std::string spinner(std::chrono::duration<double> elapsed, bool utf8) {
    static constexpr std::string_view dots[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static constexpr std::string_view bars[] = {"|", "/", "-", "\\"};
    const auto turn = static_cast<std::size_t>(elapsed / redraw);
    return std::string(utf8 ? dots[turn % std::size(dots)] : bars[turn % std::size(bars)]);
}

/// Past the Output, whose lines are the work's own. A reader that is gone misses nothing.
void write_to_stderr(std::string_view text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// --- the bar, as long as there is one: also for signals, which know of nothing else

std::atomic<bool> bar_is_drawn{false}, bar_is_over{false};

void draw_bar(const std::string& bar) {
    if (bar_is_over) return;
    write_to_stderr("\r" + bar + "\x1b[K");
    bar_is_drawn = true;
}

void wipe_bar() {
    if (bar_is_drawn.exchange(false)) write_to_stderr("\r\x1b[K");
}

void end_bar() {
    bar_is_over = true;
    wipe_bar();
}

void wipe_bar_and_die(int signal) {
    end_bar();
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // once this is over
}

/// Handlers that are set already stay.
void exchange_handlers(void (*from)(int), void (*to)(int)) {
    for (const int number : {SIGINT, SIGTERM}) {
        struct sigaction now {};
        if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == from) std::signal(number, to);
    }
}

/// A thread that takes no signals: they are for the work to die of, or to wait for.
template <class Body>
std::thread start_deaf(Body body) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

double ProgressState::per_second() const {
    return elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
}

std::optional<std::chrono::seconds> ProgressState::left() const {
    if (!total || done == 0 || *total < done) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(elapsed * (static_cast<double>(*total - done) / static_cast<double>(done)));
}

std::string progress_bar(const ProgressState& stand, const Screen& screen) {
    if (!stand.total)
        return fitted(fmt::format("{} {}  {}  {}", spinner(stand.elapsed, screen.utf8), stand.what, stand.done, rate_text(stand.per_second())),
                      screen.width - 1, screen.utf8 ? "…" : "");
    const double share = *stand.total > 0 ? std::min(1.0, static_cast<double>(stand.done) / static_cast<double>(*stand.total)) : 1;
    std::string numbers = fmt::format("{}/{}  {:.0f}%  {}", stand.done, *stand.total, share * 100, rate_text(stand.per_second()));
    if (const auto left = stand.left()) numbers += fmt::format("  {} left", duration_text(*left));
    const std::size_t taken = cells_of(stand.what) + cells_of(numbers) + 7;  // gaps, brackets, and the last cell, where some terminals wrap
    const std::size_t bar = screen.width > taken ? std::min<std::size_t>(screen.width - taken, 30) : 0;
    return fitted(fmt::format("{}  {}{}{}", stand.what, bar > 0 ? cells_for(share, bar, screen.utf8) : "", bar > 0 ? "  " : "", numbers),
                  screen.width - 1, screen.utf8 ? "…" : "");
}

std::string progress_line(const ProgressState& stand) {
    std::string text = fmt::format("{}: {}", stand.what, stand.done);
    if (stand.total) text += fmt::format(" of {}", *stand.total);
    text += ", " + rate_text(stand.per_second());
    if (const auto left = stand.left()) text += fmt::format(", {} left", duration_text(*left));
    return text;
}

std::string progress_json(const ProgressState& stand) {
    const auto left = stand.left();
    const Json json{{"kind", "progress"},
                    {"what", stand.what},
                    {"done", stand.done},
                    {"total", stand.total ? Json(*stand.total) : Json(nullptr)},
                    {"elapsed_s", stand.elapsed.count()},
                    {"per_s", stand.per_second()},
                    {"left_s", left ? Json(left->count()) : Json(nullptr)}};
    return write_json(json);
}

Progress::Progress(Runtime& rt, std::string what, std::optional<std::int64_t> total)
    : what_(std::move(what)), total_(total), rt_(rt), screen_(rt.out().options().err) {
    const ProgressStyle style = rt.globals().progress;
    if (rt.globals().quiet || style == ProgressStyle::none) return;
    form_ = style == ProgressStyle::json ? Form::json : screen_.moves_cursor ? Form::bar : Form::lines;
    if (form_ == Form::bar) {
        bar_is_over = false;
        exchange_handlers(SIG_DFL, wipe_bar_and_die);
        if (rt.deadline() != nullptr) rt.deadline()->tidy_with(end_bar);
    }
    teller_ = start_deaf([this] { tell_until_over(); });
}

Progress::~Progress() {
    if (!teller_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    over_.notify_one();
    teller_.join();
    if (form_ != Form::bar) return;
    exchange_handlers(wipe_bar_and_die, SIG_DFL);
    if (rt_.deadline() != nullptr) rt_.deadline()->tidy_with({});
}

void Progress::tell_until_over() {
    std::unique_lock lock(mutex_);
    const auto over_after = [&](std::chrono::milliseconds time) { return over_.wait_for(lock, time, [&] { return is_over_; }); };
    if (over_after(form_ == Form::lines ? between_lines : worth_telling)) return;
    do {
        const ProgressState now = stand();
        switch (form_) {
            case Form::bar: draw_bar(progress_bar(now, screen_)); break;
            case Form::lines: write_to_stderr(progress_line(now) + "\n"); break;
            case Form::json: write_to_stderr(progress_json(now) + "\n"); break;
        }
    } while (!over_after(form_ == Form::bar ? redraw : form_ == Form::json ? between_objects : between_lines));
    if (form_ == Form::bar) wipe_bar();
    if (form_ == Form::json) write_to_stderr(progress_json(stand()) + "\n");
}

ProgressState Progress::stand() const {
    return {.what = what_, .done = done_, .total = total_, .elapsed = std::chrono::steady_clock::now() - began_};
}

}  // namespace wabot::cli
