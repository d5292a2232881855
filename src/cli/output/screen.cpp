#include "cli/output/screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace wabot::cli {

namespace {

std::size_t width_of(int descriptor, const Lookup& environment) {
    constexpr std::size_t narrowest = 20, widest = 10'000;
    if (const auto columns = environment("COLUMNS")) {
        std::size_t width = 0;
        const auto [end, failed] = std::from_chars(columns->data(), columns->data() + columns->size(), width);
        if (failed == std::errc() && end == columns->data() + columns->size() && width > 0) return std::clamp(width, narrowest, widest);
    }
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::max<std::size_t>(size.ws_col, narrowest);
    return 80;
}

std::size_t height_of(int descriptor) {
    winsize size{};
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

bool speaks_utf8(const Lookup& environment) {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        auto locale = environment(name);
        if (!locale) continue;
        std::transform(locale->begin(), locale->end(), locale->begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return locale->find("utf-8") != std::string::npos || locale->find("utf8") != std::string::npos;
    }
    return false;
}

bool wants_color(bool is_tty, ColorChoice choice, const Lookup& environment) {
    if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
    if (environment("NO_COLOR")) return false;
    for (const char* name : {"CLICOLOR_FORCE", "FORCE_COLOR"})
        if (const auto forced = environment(name); forced && *forced != "0") return true;
    return is_tty && environment("CLICOLOR") != "0" && environment("TERM") != "dumb";
}

std::string colored(std::string_view text, std::string_view code, const Screen& screen) {
    return screen.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace

Screen screen_of(int descriptor, ColorChoice choice, const Lookup& environment) {
    const bool is_tty = isatty(descriptor) == 1;
    return {.is_tty = is_tty,
            .utf8 = speaks_utf8(environment),
            .color = wants_color(is_tty, choice, environment),
            .width = width_of(descriptor, environment),
            .height = height_of(descriptor),
            .moves_cursor = is_tty && environment("TERM").value_or("dumb") != "dumb"};
}

std::string mark_text(Mark mark, const Screen& screen) {
    switch (mark) {
        case Mark::good: return colored(screen.utf8 ? "✓" : "ok", "32", screen);
        case Mark::warning: return colored(screen.utf8 ? "!" : "warn", "33", screen);
        case Mark::bad: return colored(screen.utf8 ? "✗" : "FAIL", "31", screen);
    }
    return {};
}

std::string bold(std::string_view text, const Screen& screen) {
    return colored(text, "1", screen);
}

}  // namespace wabot::cli
