#include "core/messaging/typed.hpp"

#include "core/base/error.hpp"
#include "core/channels/open_channel.hpp"
#include "core/channels/split_text.hpp"
#include "core/contacts/contacts.hpp"
#include "core/messaging/changes.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sends.hpp"

namespace wabot::messages {

MessageId type(Transaction& tx, const Cause& cause, const Typed& message) {
    const std::vector<std::string> parts = split_text(message.content, text_part_max);
    if (parts.empty() || message.content.empty()) throw Error(Errc::invalid, "there is no text to send");
    const auto contact = contacts::find(tx, message.contact);
    if (contact && contact->is_blocked)
        throw Error(Errc::conflict, "contact " + std::to_string(message.contact.value) + " is blocked, and blocked contacts are not written to");

    const ConversationId conversation = conversations::find_or_add(tx, message.device, message.contact, message.conversation_key);
    if (message.reply_to && get(tx, *message.reply_to).conversation_id != conversation)
        throw Error(Errc::conflict, "message " + std::to_string(message.reply_to->value) + " is of another conversation");
    const Outgoing row{conversation, message.device, message.contact, SenderKind::user, {}, message.content, message.reply_to};
    const MessageId id = add_outgoing(tx, row);
    sends::queue(tx, id, conversation, message.device, parts, OnUncertain::hold);
    conversations::hand_off(tx, cause, conversation, Control::human, message.takeover_until);
    changes::record(tx, cause, "message.queued", "message", id.value, message.device.value);
    return id;
}

}  // namespace wabot::messages
