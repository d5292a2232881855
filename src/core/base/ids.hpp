#pragma once

#include "core/base/value.hpp"

/// The strong id of every row.
namespace wabot {

using AgentId = Id<struct Agent>;
using BindingId = Id<struct AgentBinding>;
using ContactId = Id<struct Contact>;
using IdentityId = Id<struct ContactIdentity>;
using ContactNoteId = Id<struct ContactNote>;
using ConversationId = Id<struct Conversation>;
using DeviceId = Id<struct Device>;
using FileId = Id<struct File>;
using IgnoreRuleId = Id<struct IgnoreRule>;
using InboxId = Id<struct InboxEvent>;
using JobId = Id<struct ClaimedJob>;
using MessageId = Id<struct Message>;
using SendId = Id<struct Send>;
using TurnId = Id<struct Turn>;
using WorkerId = Id<struct WorkerProcess>;

}  // namespace wabot
