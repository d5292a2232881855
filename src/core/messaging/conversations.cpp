#include "core/messaging/conversations.hpp"

#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/random.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"
#include "core/messaging/lanes.hpp"

namespace wabot::conversations {

namespace {

constexpr std::string_view list_sql = R"sql(
    SELECT c.id, c.key, c.device_id, d.key AS device, c.contact_id, k.name AS contact, k.contact_jid_enc, k.contact_jid_hash,
           k.contact_jid_last4, c.title, c.status, c.control, c.control_until, c.turn_pending, c.send_pending, c.last_message_at, c.created_at,
           c.updated_at
    FROM conversations c JOIN devices d ON d.id = c.device_id JOIN contacts k ON k.id = c.contact_id
)sql";
const std::string of_key = std::string(list_sql) + " WHERE c.key = $1";
const std::string of_id = std::string(list_sql) + " WHERE c.id = $1";

struct ControlNow {
    Control control;
    std::optional<Time> until;
};

}  // namespace
}  // namespace wabot::conversations

namespace wabot {
using ControlNow = conversations::ControlNow;
WABOT_DESCRIBE(ControlNow, FIELD(control), FIELD(until))
}  // namespace wabot

namespace wabot::conversations {

std::string new_key(Random& random) {
    return "c_" + random.word(12);
}

ConversationId find_or_add(Transaction& tx, DeviceId device, ContactId contact, std::string_view key) {
    static constexpr std::string_view find_sql = "SELECT id FROM conversations WHERE device_id = $1 AND contact_id = $2";
    if (const auto found = tx.query(find_sql, device, contact).first<ConversationId>()) return *found;
    static constexpr std::string_view sql = R"sql(
        INSERT INTO conversations (key, device_id, contact_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
        ON CONFLICT (device_id, contact_id) DO NOTHING)sql";
    if (const auto added = tx.insert<ConversationId>(sql, key, device, contact, tx.now())) return *added;
    return tx.query(find_sql, device, contact).one<ConversationId>();
}

void note_message(Transaction& tx, ConversationId id) {
    tx.execute_deferred("UPDATE conversations SET last_message_at = $2, updated_at = $2 WHERE id = $1", id, tx.now());
}

std::optional<Conversation> find(Snapshot& db, std::string_view key_or_id) {
    if (const auto id = as_id(key_or_id)) return db.query(of_id, *id).first<Conversation>();
    return db.query(of_key, key_or_id).first<Conversation>();
}

Conversation get(Snapshot& db, std::string_view key_or_id) {
    auto found = find(db, key_or_id);
    if (!found) throw Error(Errc::not_found, "no conversation " + std::string(key_or_id.substr(0, 64)), "see wabot conversation list");
    return std::move(*found);
}

std::vector<Conversation> list(Snapshot& db, std::optional<DeviceId> device, const Page& page) {
    Condition own;
    if (device) own.also("device_id = ?", *device);
    return list_page<Conversation>(db, {.select = list_sql, .newest_first = true, .time = "last_message_at"}, std::move(own), page);
}

Control control_at(Time now, Control stored, std::optional<Time> until) {
    return stored == Control::human && (!until || *until > now) ? Control::human : Control::agent;
}

Control control_of(Snapshot& db, ConversationId id) {
    const auto stored = db.query("SELECT control, control_until AS until FROM conversations WHERE id = $1", id).one<ControlNow>();
    return control_at(db.now(), stored.control, stored.until);
}

bool hand_off(Transaction& tx, const Cause& cause, ConversationId id, Control to, Time until) {
    static constexpr std::string_view sql = "UPDATE conversations SET control = $2, control_until = $3, updated_at = $4 WHERE id = $1";
    lanes::lock(tx, id);
    const bool changed = control_of(tx, id) != to;
    tx.execute(sql, id, to, to == Control::human ? std::optional(until) : std::nullopt, tx.now());
    if (changed) changes::record(tx, cause, to == Control::human ? "conversation.taken_over" : "conversation.released", "conversation", id.value);
    return changed;
}

}  // namespace wabot::conversations
