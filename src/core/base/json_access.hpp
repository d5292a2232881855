#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.hpp"

/// Looking into untrusted JSON, whatever its shape.
namespace wabot {

/// The member of that name; null when `value` is no object or has none.
const Json& member(const Json& value, std::string_view name);
/// Its text; a whole number as its digits; empty for anything else.
std::string text_at(const Json& value, std::string_view name);
/// Its seconds since 1970, as a text of digits or a number.
std::optional<Time> time_at(const Json& value, std::string_view name);

}  // namespace wabot
