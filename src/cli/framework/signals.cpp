#include "cli/framework/signals.hpp"

#include <poll.h>
#include <unistd.h>

#include <ctime>

#include "cli/framework/deadline.hpp"
#include "core/base/error.hpp"
#include "core/database/database.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 25ms;  // the store's own look at other processes takes up to as long again
constexpr auto look_anyway = 1s;
constexpr auto unavailable_wait = 250ms;

/// Whether standard output is a pipe whose reader has ended: the next change, which would fail to be written, may never come.
bool is_reader_gone() {
    pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
    return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

Interrupt::Interrupt(Runtime& rt) : rt_(rt) {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGALRM}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    std::signal(SIGALRM, [](int) {});  // one that comes when this is gone is of no use to anybody
    if (rt.deadline() != nullptr) rt.deadline()->tell_by_signal();
}

Interrupt::~Interrupt() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::wait(std::chrono::milliseconds limit) {
    if (caught()) return true;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const timespec time{seconds.count(), std::chrono::nanoseconds(limit - seconds).count()};
    const int signal = sigtimedwait(&signals_, nullptr, &time);
    if (signal <= 0) return false;
    signal_ = signal;
    if (is_out_of_time()) return true;
    std::signal(signal_, SIG_DFL);
    std::raise(signal_);  // held back again, so that the last output ends as well when it is not read
    return true;
}

void Interrupt::exit_by_signal() {
    rt_.out().flush();
    if (is_out_of_time()) throw CommandExit(Exit::timeout, "ended after the time that --timeout gives; what came is shown");
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    ::_exit(128 + signal_);
}

void follow(Runtime& rt, Interrupt& interrupt, const std::function<Look()>& look, const std::function<void(std::chrono::milliseconds)>& idle) {
    std::uint64_t seen = 0;
    std::chrono::steady_clock::time_point looked_at;
    Look next = Look::again;
    bool is_away = false;
    while (!interrupt.wait(0ms)) {
        if (is_reader_gone()) std::raise(SIGPIPE);  // as a write would
        try {
            const std::uint64_t count = rt.database().change_count();
            const auto now = std::chrono::steady_clock::now();
            const bool is_due = next == Look::again || count != seen || now - looked_at >= look_anyway;
            if (is_due) {
                next = look();
                if (next == Look::end) return;
                seen = count;
                looked_at = now;
            }
            if (is_away) rt.out().say("the store is there again");
            is_away = false;
        } catch (const Error& error) {
            if (error.code() != Errc::unavailable) throw;
            if (!is_away) rt.out().say("the store cannot be read; waiting: {}", error.what());
            is_away = true;
            next = Look::again;
            idle(unavailable_wait);
        }
        if (next != Look::again) idle(look_interval);
    }
}

}  // namespace wabot::cli
