#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/channels/content.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/transaction.hpp"

namespace wabot::messages {

/// A content made fit for the store outside of any unit.
struct SealedContent {
    ContentKind kind = ContentKind::text;
    std::string text;                                        // or what people read of it
    std::optional<Bytes> payload;                            // the object of its kind, or what stands beside a text
    std::string template_name = {}, template_language = {};  // of a template
};
/// Error{invalid} as `content::check` has it.
SealedContent seal_content(const Vault& vault, const Content& content);

/// What a person of ours writes to a contact.
struct OperatorMessage {
    DeviceId device;
    ContactId contact;
    SealedContent content;
    std::optional<MessageId> reply_to;  // is quoted, or reacted to; of the same conversation
    std::string conversation_key;       // of a conversation that has to be made: conversations::new_key
    Time takeover_until;                // the agents stay silent so long
    bool despite_no_marketing = false;  // a marketing template goes to a contact that wants none
};

/// Stores it, puts it on its way, and hands the conversation to people. A send without an answer is held, never repeated by itself.
/// Error{invalid} for an empty text; Error{conflict} when the contact is blocked, or the other message is of another conversation or not known to the
/// provider; Error{rejected} outside of the 24-hour window, unless it is a template, for a template that the provider is known to refuse, and for one
/// of the category MARKETING to a contact that wants no marketing.
MessageId send_as_operator(Transaction& tx, const Cause& cause, const OperatorMessage& message);

}  // namespace wabot::messages
