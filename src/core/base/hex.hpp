#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wabot {

/// Lower-case hexadecimal digits, and the reverse (either case; nullopt when it is no such text).
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace wabot
