#include "core/base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace wabot {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr Unit units[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

}  // namespace

std::optional<std::chrono::milliseconds> read_duration(std::string_view text) {
    // So that any clock can be moved by it, in nanoseconds too.
    constexpr auto longest = std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds::max()) / 2;
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed != std::errc{} || count < 0) return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto* const unit = std::find_if(std::begin(units), std::end(units), [name](const Unit& u) { return u.name == name; });
    if (unit == std::end(units) || count > longest.count() / unit->ms) return std::nullopt;
    return std::chrono::milliseconds(count * unit->ms);
}

std::string show_duration(std::chrono::milliseconds duration) {
    if (duration.count() == 0) return "0s";
    const auto* const unit = std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return duration.count() % u.ms == 0; });
    return fmt::format("{}{}", duration.count() / unit->ms, unit->name);
}

}  // namespace wabot
