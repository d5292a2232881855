#pragma once

#include "cli/framework/signals.hpp"
#include "core/base/describe.hpp"
#include "core/base/ids.hpp"

namespace wabot {

/// How far a message is to be before a command goes on.
WABOT_ENUM(MessageGoal, sent, delivered, read)

}  // namespace wabot

namespace wabot::cli {

/// Waits until the message is that far. CommandExit{rejected, conflict, uncertain, rate_limited, timeout} says why it is not: it was refused or
/// cancelled, handed over without a clear answer, is kept back by the provider's limit for longer than one waits for, or the time was over. What is
/// still queued then goes by itself.
void await_message(Runtime& rt, Interrupt& interrupt, MessageId id, MessageGoal goal);

}  // namespace wabot::cli
