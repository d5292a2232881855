#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wabot {

/// "1h30m" is not read, "90m" is: a whole number and one of ms, s, m, h, d.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);
std::string show_duration(std::chrono::milliseconds duration);

}  // namespace wabot
