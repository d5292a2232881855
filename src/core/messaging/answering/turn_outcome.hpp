#pragma once

#include "core/base/value.hpp"

namespace wabot {

WABOT_ENUM(TurnOutcome, replied, no_reply, suppressed, dead)

}  // namespace wabot
