#pragma once

#include <optional>
#include <string>

#include "core/base/cause.hpp"
#include "core/contacts/contact_id.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_id.hpp"
#include "core/messaging/ids.hpp"

namespace wabot::messages {

/// What a person of ours writes to a contact.
struct Typed {
    DeviceId device;
    ContactId contact;
    std::string content;
    std::optional<MessageId> reply_to;  // is quoted; of the same conversation
    std::string conversation_key;       // of a conversation that has to be made: conversations::new_key
    Time takeover_until;                // the agents stay silent so long
};

/// Stores it, puts it on its way, and hands the conversation to people. A send without an answer is held, never repeated by itself.
/// Error{invalid} for an empty text, Error{conflict} when the contact is blocked or the quoted message is of another conversation.
MessageId type(Transaction& tx, const Cause& cause, const Typed& message);

}  // namespace wabot::messages
