#include "core/messaging/sending/compose.hpp"

#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/changes/changes.hpp"
#include "core/channels/content.hpp"
#include "core/channels/split_text.hpp"
#include "core/contacts/contacts.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/messaging/service_window.hpp"
#include "core/messaging/templates.hpp"

namespace wabot::messages {

namespace {

/// The category of a template may change without a new approval: what was a notice yesterday is advertising today.
void require_consent(const Template& known, const Contact& contact) {
    if (known.category != "MARKETING" || contact.marketing != Marketing::stop) return;
    const std::string since = contact.marketing_at ? " since " + to_iso(*contact.marketing_at) : "";
    throw Error(Errc::rejected,
                "template " + known.name + "/" + known.language + " is of the category MARKETING since " + to_iso(known.updated_at) +
                    ", and contact " + std::to_string(contact.id.value) + " wants no marketing" + since,
                "repeat with --yes to send it all the same");
}

void require_usable(Snapshot& db, const Device& device, const OperatorMessage& message, const Contact& contact) {
    const SealedContent& content = message.content;
    const auto known = templates::find(db, devices::options_of(device).waba_id, content.template_name, content.template_language);
    if (known && !message.despite_no_marketing) require_consent(*known, contact);
    if (!known || !templates::is_refused(*known)) return;
    const std::string why = known->reason ? ": " + *known->reason : "";
    throw Error(Errc::rejected, "template " + known->name + "/" + known->language + " is " + known->status.value_or("refused") + why,
                "see wabot template get " + std::to_string(known->id.value));
}

/// Whom it goes to may be written to, with this.
void require_allowed(Transaction& tx, const OperatorMessage& message) {
    const auto contact = contacts::find(tx, message.contact);
    if (!contact) return;
    if (contact->is_blocked)
        throw Error(Errc::conflict, "contact " + std::to_string(message.contact.value) + " is blocked; nothing is sent to blocked contacts");
    const auto device = devices::find(tx, message.device);
    if (!device) return;
    if (message.content.kind == ContentKind::template_)
        require_usable(tx, *device, message, *contact);
    else
        require_window(device->kind, *contact, tx.now());
}

/// The message that is quoted or reacted to is one that the provider can find.
void require_known(Transaction& tx, MessageId id, ConversationId conversation) {
    const Message other = get(tx, id);
    const std::string name = "message " + std::to_string(id.value);
    if (other.conversation_id != conversation) throw Error(Errc::conflict, name + " is of another conversation");
    if (!other.whatsapp_message_id) throw Error(Errc::conflict, name + " is not known to the provider (" + std::string(to_word(other.status)) + ")");
}

sends::Parts parts_of(const SealedContent& content) {
    sends::Parts parts{{content.text}, content.kind, content.payload};
    if (content.kind != ContentKind::text) return parts;
    parts.texts = split_text(content.text, text_part_max);
    if (parts.texts.empty() || content.text.empty()) throw Error(Errc::invalid, "there is no text to send");
    return parts;
}

}  // namespace

SealedContent seal_content(const Vault& vault, const Content& content) {
    Json object = read_json(content.object.text);
    SealedContent out{content.kind, content::readable(content), std::nullopt};
    if (content.kind == ContentKind::text) {
        object.erase("body");
        if (object.empty()) return out;
    }
    content::check(content);
    if (content.kind == ContentKind::template_) {
        out.template_name = object.at("name").get<std::string>();
        out.template_language = object.at("language").at("code").get<std::string>();
    }
    out.payload = vault.seal_bytes(write_json(object), sends::payload_data);
    return out;
}

MessageId send_as_operator(Transaction& tx, const Cause& cause, const OperatorMessage& message) {
    const sends::Parts parts = parts_of(message.content);
    require_allowed(tx, message);
    const ConversationId conversation = conversations::find_or_add(tx, message.device, message.contact, message.conversation_key);
    if (message.reply_to) require_known(tx, *message.reply_to, conversation);
    const SealedContent& content = message.content;
    const Outgoing row{conversation, message.device, message.contact, SenderKind::user, {}, content.text, message.reply_to, content.kind};
    const MessageId id = add_outgoing(tx, row);
    sends::queue(tx, id, conversation, message.device, parts, OnUncertain::hold);
    conversations::hand_off(tx, cause, conversation, Control::human, message.takeover_until);
    changes::record(tx, cause, "message.queued", "message", id.value, message.device.value);
    return id;
}

}  // namespace wabot::messages
