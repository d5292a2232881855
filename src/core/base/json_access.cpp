#include "core/base/json_access.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace wabot {

const Json& member(const Json& value, std::string_view name) {
    static const Json null;
    if (!value.is_object()) return null;
    const auto found = value.find(std::string(name));
    return found == value.end() ? null : *found;
}

std::string text_at(const Json& value, std::string_view name) {
    const Json& found = member(value, name);
    if (found.is_string()) return found.get<std::string>();
    return found.is_number_integer() ? found.dump() : std::string();
}

std::optional<Time> time_at(const Json& value, std::string_view name) {
    const std::string text = text_at(value, name);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr std::int64_t end_of_year_9999 = 253'402'300'799;
    if (error != std::errc() || end != text.data() + text.size() || seconds <= 0 || seconds > end_of_year_9999) return std::nullopt;
    return Time(std::chrono::seconds(seconds));
}

}  // namespace wabot
