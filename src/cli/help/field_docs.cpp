#include <algorithm>

#include "cli/help/nouns.hpp"

namespace wabot::cli {

namespace {

struct FieldDoc {
    std::string_view noun;  // empty = of every noun
    std::string_view field;
    std::string_view doc;
};

/// What the descriptions of the fields leave to their names; first match.
constexpr FieldDoc docs[] = {
    {"device", "description", "What it is for"},
    {"device", "phone_number", "Its own number"},
    {"device", "status", "Whether it works, as its channel last said; in error it sends nothing until device resume"},
    {"device", "connected_at", "When it last connected"},
    {"device", "disconnected_at", "When it last lost its connection"},
    {"device", "last_seen_at", "When something last came from it"},
    {"device", "is_active", "Whether its messages are answered and sent; device update --disable stops that"},
    {"account-event", "field", "What it is about, in the provider's word: account_update"},
    {"account-event", "event", "What happened, in the provider's word: DISABLED_UPDATE"},
    {"account-event", "weight", "What it means to us: stops keeps the account from sending until something lifts it"},
    {"account-event", "facts", "What else the provider says of it, numbers of people left out"},
    {"agent", "description", "What it is for"},
    {"agent", "agent_type", "How it answers"},
    {"agent", "is_active", "Whether it is asked; agent disable stops that"},
    {"binding", "agent_id", "The agent that answers"},
    {"binding", "device_id", "The device on which it does"},
    {"ignore", "rule_type", "What of a message the rule looks at"},
    {"ignore", "is_active", "Whether the rule holds"},
    {"contact", "name", "As the person or group calls itself"},
    {"contact", "is_group", "Whether it is a group of people"},
    {"contact", "marketing_at", "When the person last said whether it wants marketing"},
    {"contact", "last_incoming_at", "When something last came from it: on WhatsApp a day from then on anything may be written to it"},
    {"contact", "last_message_at", "When something was last written, by either side"},
    {"conversation", "key", "Names it in commands and links, beside its id"},
    {"conversation", "contact_name", "The contact's name"},
    {"conversation", "title", "A name of its own"},
    {"conversation", "status", "Whether it goes on"},
    {"conversation", "last_message_at", "When something was last written in it"},
    {"message", "conversation_key", "The conversation's key"},
    {"message", "direction", "From the contact to us, or to the contact"},
    {"message", "sender_kind", "Who wrote it: the contact, an agent, a person on our side, or wabot itself"},
    {"message", "agent_id", "The agent that wrote it"},
    {"message", "message_type", "Text, image, reaction, ..., in the provider's word"},
    {"message", "status", "How far it is; of several parts, as far as the least of them"},
    {"message", "error", "Why it failed: the provider's code and words"},
    {"message", "is_from_user", "Whether a person on our side wrote it"},
    {"template", "name", "Its name, in one or several languages"},
    {"template", "language", "Of this version: en_US"},
    {"template", "category", "What it is for, in the provider's word: UTILITY"},
    {"template", "quality", "How people take it, in the provider's word: GREEN"},
    {"template", "provider_ref", "The provider's id of it"},
    {"file", "uuid", "Names it to whoever may not count files"},
    {"file", "origin", "Whether it came in or was sent"},
    {"file", "sha256", "Of its bytes, in hexadecimal"},
    {"file", "storage_backend", "Where its bytes are kept"},
    {"event", "kind", "The channel it came by"},
    {"event", "state", "What became of it"},
    {"event", "error", "Why it could not be read"},
    {"event", "attempts", "How often it was tried to read"},
    {"event", "received_at", "When it was stored, before the provider got its answer"},
    {"event", "done_at", "When all in it was taken up"},
    {"item", "position", "Its place in the body, from 0 on"},
    {"item", "kind", "Message, status or something else"},
    {"item", "state", "What became of it"},
    {"item", "error", "Why it could not be taken up"},
    {"item", "message_id", "The message that it is or is about"},
    {"queue", "name", "Of the queue, as queue pause takes it"},
    {"queue", "running", "What a worker has in hand"},
    {"queue", "retrying", "What failed and is tried again later"},
    {"queue", "paused_since", "Since when no worker takes from it"},
    {"queue", "paused_by", "Who paused it"},
    {"job", "id", "Its queue and number, as commands take it: send/81"},
    {"job", "number", "Its number in the queue"},
    {"job", "kind", "What is done: a turn, a send, or the kind of the job"},
    {"job", "state", "Where it stands; job get says what that means"},
    {"job", "attempt", "How often it was tried"},
    {"job", "error", "Why it last failed"},
    {"job", "worker", "Who has it in hand"},
    {"audit", "created_at", "When it was done"},
    {"audit", "actor", "Who did it: cli:ana is the user ana of the machine"},
    {"audit", "actor_kind", "By which way they came"},
    {"audit", "kind", "Whether something was changed, or shown in full"},
    {"audit", "action", "The command"},
    {"audit", "objects", "What it was done to, as noun/id"},
    {"audit", "facts", "What differs; of what is secret or sealed only that it does"},
    {"change", "at", "When it happened"},
    {"change", "kind", "What happened: message.received"},
    {"change", "device", "The device's key"},
    {"change", "object", "What it happened to, as noun/id"},
    {"change", "what", "More of it, for people"},
    {"setting", "name", "As in the file, table and key: server.port"},
    {"setting", "value", "What is in force; of a secret only that it is set"},
    {"setting", "origin", "The flag, variable or file that says so"},
    {"migration", "revision", "Its number; they are applied in order"},
    {"migration", "name", "What it changes"},
    {"migration", "applied", "Whether the store has it"},
    {"migration", "applied_at", "Since when the store has it"},
    {"", "id", "Names it in commands; never used again for another"},
    {"", "name", "Name for people"},
    {"", "device_id", "The device it belongs to"},
    {"", "contact_id", "The contact it belongs to"},
    {"", "contact_jid", "The contact's address at the provider"},
    {"", "conversation_id", "The conversation it belongs to"},
    {"", "request_id", "Of the command or request it came by: errors and logs name it too"},
    {"", "created_at", "When it was stored"},
    {"", "updated_at", "When it was last changed"},
};

}  // namespace

std::string_view doc_of(const NounRow& noun, const Field& field) {
    if (!field.note.doc.empty()) return field.note.doc;
    const auto found = std::find_if(std::begin(docs), std::end(docs),
                                    [&](const FieldDoc& doc) { return doc.field == field.name && (doc.noun.empty() || doc.noun == noun.noun); });
    return found == std::end(docs) ? std::string_view{} : found->doc;
}

}  // namespace wabot::cli
