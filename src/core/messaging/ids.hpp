#pragma once

#include "core/base/value.hpp"

namespace wabot {

using InboxId = Id<struct InboxRow>;
using ConversationId = Id<struct Conversation>;
using MessageId = Id<struct Message>;
using TurnId = Id<struct Turn>;
using SendId = Id<struct Send>;
using WorkerId = Id<struct WorkerRow>;
using JobId = Id<struct ClaimedJob>;

}  // namespace wabot
