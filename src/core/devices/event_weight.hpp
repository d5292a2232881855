#pragma once

#include "core/base/value.hpp"

namespace wabot {

/// How heavy news of an account are: `stops`, nothing can be sent any more, until `lifts`.
WABOT_ENUM(EventWeight, info, warning, stops, lifts)

}  // namespace wabot
