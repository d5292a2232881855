#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wabot {

/// The bytes of a text in base64 (RFC 4648 4 and 5, with or without padding); nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);
/// With padding, in the alphabet of RFC 4648 4.
std::string to_base64(std::string_view bytes);

}  // namespace wabot
