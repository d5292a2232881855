#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/channels/content.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

WABOT_ENUM(Direction, incoming, outgoing, internal)
WABOT_ENUM(SenderKind, user, contact, agent, system)
WABOT_ENUM(MessageStatus, received, queued, sent, delivered, read, played, failed, uncertain, held, cancelled)

/// A message as people read it.
struct Message {
    MessageId id;
    ConversationId conversation_id;
    std::string conversation_key;
    DeviceId device_id;
    std::string device;
    Direction direction;
    SenderKind sender_kind;
    std::optional<AgentId> agent_id;
    ContactId contact_id;
    std::optional<std::string> contact;
    std::optional<Sealed> contact_jid;
    std::optional<ContactId> author_contact_id;
    std::string message_type;
    std::optional<std::string> content;
    JsonText metadata;
    std::optional<Sealed> whatsapp_message_id;
    std::optional<MessageId> parent_id;
    MessageStatus status;
    std::optional<JsonText> error;
    std::optional<Time> edited_at;
    std::optional<Time> revoked_at;
    bool is_from_user;
    Time timestamp;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Message, FIELD(id, .key = true), FIELD(conversation_id, .wide = true), FIELD(conversation_key, .wide = true),
               FIELD(device_id, .wide = true), FIELD(device, .doc = "The device's key"), FIELD(direction), FIELD(sender_kind, .wide = true),
               FIELD(agent_id, .wide = true), FIELD(contact_id, .wide = true), FIELD(contact, .doc = "The contact's name"),
               FIELD(contact_jid, .sealed = "contacts.contact_jid"),
               FIELD(author_contact_id, .wide = true, .doc = "Author of the message, in a group"), FIELD(message_type),
               FIELD(content, .doc = "Text of the message; null if it has none"),
               FIELD(metadata, .wide = true, .doc = "Other content: file, location, order, chosen option, advertisement"),
               FIELD(whatsapp_message_id, .wide = true, .sealed = "messages.whatsapp_message_id", .doc = "The provider's id, on every channel"),
               FIELD(parent_id, .wide = true, .doc = "The quoted message, or the message that a reaction refers to"), FIELD(status),
               FIELD(error, .wide = true), FIELD(edited_at, .wide = true, .doc = "When the author edited the message; metadata keeps the first text"),
               FIELD(revoked_at, .wide = true, .doc = "When the author deleted the message: the content is kept and not shown"),
               FIELD(is_from_user, .wide = true), FIELD(timestamp, .doc = "Time at the provider, else time of storing"),
               FIELD(created_at, .wide = true), FIELD(updated_at, .wide = true))

namespace messages {

inline constexpr std::string_view id_data = "messages.whatsapp_message_id";
inline constexpr std::string_view raw_data = "messages.raw";

/// What is stored of an incoming message or an echo; sealed beforehand.
struct Incoming {
    ConversationId conversation;
    DeviceId device;
    ContactId contact;
    std::optional<ContactId> author;
    bool is_echo = false;  // written on our side elsewhere: outgoing, sent
    std::string_view message_type;
    std::optional<std::string> content;
    Bytes raw;
    bool takes_turn = false;
    Sealed provider_id;
    std::optional<MessageId> parent;
    Time timestamp;
    std::string_view metadata = "{}";  // JSON
    Bytes amends_hash = {};            // of an edit or a revocation whose message is not there yet; empty otherwise
};

/// Stores it; nullopt when the device has a message of that provider id already.
std::optional<MessageId> add_incoming(Transaction& tx, const Incoming& message);

struct Outgoing {
    ConversationId conversation;
    DeviceId device;
    ContactId contact;
    SenderKind sender;
    std::optional<AgentId> agent;
    std::string_view content;         // empty = nothing was written
    std::optional<MessageId> parent;  // is quoted, or reacted to
    ContentKind kind = ContentKind::text;
};

/// Stores it as `queued`; `sends::queue` puts it on its way.
MessageId add_outgoing(Transaction& tx, const Outgoing& message);

/// An edit or a revocation, stored as a message of its own, and the message that it is about. Marks that one; older news than it has change nothing,
/// and neither do those of another conversation or direction. The text that it had is kept. A turn that was decided and not taken is decided anew.
void amend(Transaction& tx, const Cause& cause, MessageId amending, MessageId amended);
/// The edits and revocations that came before their message, which has the provider id of this hash. Whether any are waiting at all: one look for
/// many messages.
bool any_amendments_wait(Snapshot& db);
std::vector<MessageId> amendments_waiting(Snapshot& db, DeviceId device, const Bytes& provider_id_hash);
/// A message that was stored when less of it was understood: what is read of it now, where nothing was.
void read_again(Transaction& tx, MessageId id, const Incoming& message);
bool is_revoked(Snapshot& db, MessageId id);
/// The item as it came, with the numbers in it; nullopt when none did.
std::optional<std::string> raw_of(Snapshot& db, const Vault& vault, MessageId id);
/// Also of a message that was taken back.
std::optional<std::string> kept_content(Snapshot& db, MessageId id);

/// The message of that provider id, for quotes.
std::optional<MessageId> find_by_provider_id(Snapshot& db, DeviceId device, const Bytes& hash);
/// The same by the id that was given, else by its other forms, when they name one message.
std::optional<MessageId> find_by_provider_ids(Snapshot& db, DeviceId device, const Bytes& hash, const std::vector<Bytes>& also);

struct Filter {
    std::optional<DeviceId> device;
    std::optional<ConversationId> conversation;
    std::optional<Direction> direction;
    std::optional<MessageStatus> status;
};
/// Newest first, by id.
std::vector<Message> list(Snapshot& db, const Filter& filter, const Page& page = {});
std::optional<Message> find(Snapshot& db, MessageId id);
/// Error{not_found} with the way out.
Message get(Snapshot& db, MessageId id);

/// Whether the provider's word `to` moves a message that is `from`: states only advance, `failed` is final unless it was delivered.
bool advances(MessageStatus from, MessageStatus to);
/// Moves it when that advances. `error` goes with a failure.
void advance(Transaction& tx, MessageId id, MessageStatus to, const std::optional<JsonText>& error);
/// Sets the status to the least of its parts: of each what the provider has reported of an attempt, else the accepted, else the newest attempt. What
/// was reported is taken back only when a part will not go at all.
void follow_sends(Transaction& tx, MessageId id, const std::optional<JsonText>& error = std::nullopt);

}  // namespace messages

}  // namespace wabot
