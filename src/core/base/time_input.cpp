#include "core/base/time_input.hpp"

#include <string>

#include "core/base/clock.hpp"
#include "core/base/duration.hpp"

namespace wabot {

namespace {

/// What "+01:00" says, taken off the end of the text; nullopt when that is no offset.
std::optional<std::chrono::minutes> take_offset(std::string& text) {
    constexpr std::size_t length = 6;
    const std::string offset = text.substr(text.size() - length);
    const auto digit = [&](std::size_t i) { return offset[i] >= '0' && offset[i] <= '9' ? offset[i] - '0' : 100; };
    const int hours = digit(1) * 10 + digit(2), minutes = digit(4) * 10 + digit(5);
    if (offset[3] != ':' || hours > 23 || minutes > 59) return std::nullopt;
    text.erase(text.size() - length);
    const auto size = std::chrono::minutes(hours * 60 + minutes);
    return offset[0] == '-' ? -size : size;
}

std::optional<Time> read_date(std::string text) {
    constexpr std::size_t date = 10, to_minute = 16;
    if (text.size() == date) text += "T00:00";
    if (text.size() < to_minute) return std::nullopt;
    if (text[date] == ' ') text[date] = 'T';
    std::chrono::minutes offset{};
    if (text.back() == 'Z') {
        text.pop_back();
    } else if (text.size() >= to_minute + 6 && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-')) {
        const auto taken = take_offset(text);
        if (!taken) return std::nullopt;
        offset = *taken;
    }
    if (text.size() == to_minute) text += ":00";
    const auto time = from_iso(text + "Z");
    return time ? std::optional(*time - offset) : std::nullopt;
}

}  // namespace

std::optional<Time> read_time_input(std::string_view text, Time now) {
    if (text == "now") return now;
    if (auto date = read_date(std::string(text))) return date;
    constexpr std::string_view ago = " ago";
    if (text.ends_with(ago)) text.remove_suffix(ago.size());
    const auto age = read_duration(text);
    // Further back than there was anything.
    if (!age || *age > now.time_since_epoch()) return std::nullopt;
    return now - *age;
}

}  // namespace wabot
