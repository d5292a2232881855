#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

WABOT_ENUM(ConversationStatus, open, closed)
/// Who answers: the device's agents, or a person.
WABOT_ENUM(Control, agent, human)

/// What was said between a device and a contact.
struct Conversation {
    ConversationId id;
    std::string key;
    DeviceId device_id;
    std::string device;
    ContactId contact_id;
    std::optional<std::string> contact;
    std::optional<Sealed> contact_jid;
    std::optional<std::string> title;
    ConversationStatus status;
    Control control;
    std::optional<Time> control_until;
    std::int64_t turn_pending;
    std::int64_t send_pending;
    std::optional<Time> last_message_at;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Conversation, FIELD(id, .key = true), FIELD(key), FIELD(device_id), FIELD(device, .doc = "The device's key"), FIELD(contact_id),
               FIELD(contact), FIELD(contact_jid, .sealed = "contacts.contact_jid"), FIELD(title, .wide = true), FIELD(status, .wide = true),
               FIELD(control, .doc = "Who answers: agents or a person"),
               FIELD(control_until, .wide = true, .doc = "When the takeover by a person ends"),
               FIELD(turn_pending, .doc = "Number of messages that wait for an answer"),
               FIELD(send_pending, .doc = "Number of sends that wait or run"), FIELD(last_message_at), FIELD(created_at, .wide = true),
               FIELD(updated_at, .wide = true))

namespace conversations {

/// The conversation of a device with a contact, made when there is none. `new_key` is used then: "c_" and random characters.
ConversationId find_or_add(Transaction& tx, DeviceId device, ContactId contact, std::string_view new_key);
std::string new_key(Random& random);

/// A message was added to it that goes into no lane: it was last used now.
void note_message(Transaction& tx, ConversationId id);

/// By key, or by id when it is all digits.
std::optional<Conversation> find(Snapshot& db, std::string_view key_or_id);
/// Error{not_found} with the way out.
Conversation get(Snapshot& db, std::string_view key_or_id);
/// Latest conversations first, by id. Their time is that of the last message.
std::vector<Conversation> list(Snapshot& db, std::optional<DeviceId> device, const Page& page = {});

/// Who answers now: a person whose time is over is none.
Control control_of(Snapshot& db, ConversationId id);
/// The same of what the row says.
Control control_at(Time now, Control stored, std::optional<Time> until);

/// Hands the conversation to a person until `until`, or back to the agents (`until` is not used then). Whether that changed anything.
bool hand_off(Transaction& tx, const Cause& cause, ConversationId id, Control to, Time until);

}  // namespace conversations

}  // namespace wabot
