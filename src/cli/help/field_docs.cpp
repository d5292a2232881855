#include <algorithm>

#include "cli/help/nouns.hpp"

namespace wabot::cli {

namespace {

struct FieldDoc {
    std::string_view noun;  // empty: every noun
    std::string_view field;
    std::string_view doc;
};

/// Documentation of fields whose description has none of its own; the first match counts.
constexpr FieldDoc docs[] = {
    {"device", "description", "Free text"},
    {"device", "phone_number", "The device's own number"},
    {"device", "status", "Connection state; a device in error sends nothing until device resume"},
    {"device", "connected_at", "When the device last connected"},
    {"device", "disconnected_at", "When the device last lost its connection"},
    {"device", "last_seen_at", "When the provider last sent something for this device"},
    {"device", "is_active", "Whether agents answer and messages are sent on this device; device disable sets it to false"},
    {"account-event", "field", "Name of the webhook field at the provider: account_update"},
    {"account-event", "event", "Name of the event at the provider: DISABLED_UPDATE"},
    {"account-event", "weight", "Severity; stops: the account cannot send until an event with lifts"},
    {"account-event", "facts", "Other data of the event, without phone numbers of people"},
    {"agent", "description", "Free text"},
    {"agent", "agent_type", "How the agent computes its answers"},
    {"agent", "is_active", "Whether the agent answers; agent disable sets it to false"},
    {"binding", "agent_id", "The agent"},
    {"binding", "device_id", "The device on which the agent answers"},
    {"ignore", "rule_type", "The part of a message that the rule compares"},
    {"ignore", "is_active", "Whether the rule applies"},
    {"contact", "name", "Profile name of the person, or subject of the group"},
    {"contact", "is_group", "Whether the contact is a group"},
    {"contact", "marketing_at", "When the person last accepted or refused marketing"},
    {"contact", "last_incoming_at", "Time of the contact's last message; WhatsApp accepts free text for 24 hours after it"},
    {"contact", "last_message_at", "Time of the last message in either direction"},
    {"conversation", "key", "Name in commands and links, beside the id"},
    {"", "device", "The device's key"},
    {"", "agent", "The agent's key"},
    {"", "contact", "The contact's name"},
    {"conversation", "title", "Name of the conversation, if it has one"},
    {"conversation", "status", "Whether the conversation is open"},
    {"conversation", "last_message_at", "Time of the last message"},
    {"message", "conversation_key", "The conversation's key"},
    {"message", "direction", "incoming: from the contact; outgoing: to the contact"},
    {"message", "sender_kind", "Author: the contact, an agent, a user on our side, or wabot itself (system)"},
    {"message", "agent_id", "The agent that wrote the message"},
    {"message", "message_type", "Type in the provider's terms: text, image, reaction, ..."},
    {"message", "status", "Delivery state; of a message in several parts, the state of the part that is least far"},
    {"message", "error", "Why the message failed: the provider's code and text"},
    {"message", "is_from_user", "Whether a user on our side wrote the message"},
    {"template", "name", "Name at the provider; one name may exist in several languages"},
    {"template", "language", "Language code of this version: en_US"},
    {"template", "category", "Category at the provider: UTILITY, MARKETING or AUTHENTICATION"},
    {"template", "quality", "Quality rating at the provider: GREEN, YELLOW or RED"},
    {"template", "provider_ref", "Id of the template at the provider"},
    {"file", "uuid", "Public id; cannot be guessed"},
    {"file", "origin", "incoming: received from a contact; outgoing: sent"},
    {"file", "sha256", "SHA-256 of the content, in hexadecimal"},
    {"file", "storage_backend", "Where the content is stored"},
    {"event", "kind", "The channel that delivered the webhook"},
    {"event", "state", "Processing state"},
    {"event", "error", "Why the body could not be read"},
    {"event", "attempts", "Number of attempts to read the body"},
    {"event", "received_at", "When the webhook was stored, before the provider got its answer"},
    {"event", "done_at", "When every item in the body was processed"},
    {"item", "position", "Position in the body, from 0"},
    {"item", "kind", "message, status or another type of item"},
    {"item", "state", "Processing state"},
    {"item", "error", "Why the item could not be processed"},
    {"item", "message_id", "The message that the item is, or refers to"},
    {"queue", "name", "Name of the queue, as in queue pause"},
    {"queue", "running", "Work claimed by a worker"},
    {"queue", "retrying", "Work that failed and will be tried again"},
    {"queue", "paused_since", "When the queue was paused"},
    {"queue", "paused_by", "Who paused the queue"},
    {"job", "id", "Queue and number, as commands take it: send/81"},
    {"job", "number", "Number within the queue"},
    {"job", "kind", "turn, send, or the kind of a background job"},
    {"job", "state", "Current state; job get explains it"},
    {"job", "attempt", "Number of attempts"},
    {"job", "error", "Error of the last attempt"},
    {"job", "worker", "Id of the worker that runs it"},
    {"audit", "created_at", "When the command ran"},
    {"audit", "actor", "Who ran the command: cli:ana is the Unix user ana"},
    {"audit", "actor_kind", "How the actor signed in"},
    {"audit", "kind", "change: data was changed; reveal: masked data was shown in full"},
    {"audit", "action", "The command"},
    {"audit", "objects", "The objects concerned, as noun/id"},
    {"audit", "facts", "Old and new values; of secret and sealed fields only that they changed"},
    {"change", "at", "When the event happened"},
    {"change", "kind", "Kind of event: message.received"},
    {"change", "device", "The device's key"},
    {"change", "object", "The object concerned, as noun/id"},
    {"change", "what", "Description for people"},
    {"setting", "name", "Name in the settings file, table and key: server.port"},
    {"setting", "value", "Effective value; a secret only shows whether it is set"},
    {"setting", "origin", "The flag, variable or file that set the value"},
    {"migration", "revision", "Number; migrations are applied in this order"},
    {"migration", "name", "Name of the migration"},
    {"migration", "applied", "Whether the migration is applied to this store"},
    {"migration", "applied_at", "When the migration was applied"},
    {"", "id", "Id in commands; ids are never reused"},
    {"", "name", "Display name"},
    {"", "device_id", "The device"},
    {"", "contact_id", "The contact"},
    {"", "contact_jid", "The contact's address at the provider"},
    {"", "conversation_id", "The conversation"},
    {"", "request_id", "Id of the command or request that caused it; also in errors and logs"},
    {"", "created_at", "When the row was stored"},
    {"", "updated_at", "When the row was last changed"},
};

}  // namespace

std::string_view doc_of(const NounRow& noun, const Field& field) {
    if (!field.note.doc.empty()) return field.note.doc;
    const auto found = std::find_if(std::begin(docs), std::end(docs),
                                    [&](const FieldDoc& doc) { return doc.field == field.name && (doc.noun.empty() || doc.noun == noun.noun); });
    return found == std::end(docs) ? std::string_view{} : found->doc;
}

}  // namespace wabot::cli
