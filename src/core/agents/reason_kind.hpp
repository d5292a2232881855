#pragma once

#include "core/base/value.hpp"

namespace wabot {

/// Why a turn ended as it did, in one word: what is decided by. The sentence beside it is for people.
WABOT_ENUM(ReasonKind, rule, fallback, empty_reply, no_rule, no_agent, ignored, blocked, human, revoked, window_closed, loop_limit, device_inactive,
           failed, cancelled)

}  // namespace wabot
