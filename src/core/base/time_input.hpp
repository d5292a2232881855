#pragma once

#include <optional>
#include <string_view>

#include "core/base/value.hpp"

namespace wabot {

/// What `read_time_input` takes, for those who get it wrong.
inline constexpr std::string_view time_input_forms = "2026-01-31, 2026-01-31T18:00, 2026-01-31T18:00:00+01:00, or how long ago: 90s, 30m, 24h, 7d";

/// A point in time as people name one: a date or a date and time, in UTC where no offset stands behind it, with a T or a blank between; or how long
/// before `now`, "24h" or "24h ago"; or "now". nullopt for anything else.
std::optional<Time> read_time_input(std::string_view text, Time now);

}  // namespace wabot
