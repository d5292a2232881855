#include "core/messaging/messages.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"
#include "core/messaging/lanes.hpp"

namespace wabot {

/// A message, and the edit or revocation of it.
struct AmendedMessage {
    ConversationId conversation_id;
    DeviceId device_id;
    Direction direction;
    std::optional<std::string> content;
    JsonText metadata;
    std::optional<Time> edited_at;
    std::optional<Time> revoked_at;
    ConversationId by_conversation_id;
    Direction by_direction;
    std::string by_type;
    std::optional<std::string> by_content;
    Time by_timestamp;
};
WABOT_DESCRIBE(AmendedMessage, FIELD(conversation_id), FIELD(device_id), FIELD(direction), FIELD(content), FIELD(metadata), FIELD(edited_at),
               FIELD(revoked_at), FIELD(by_conversation_id), FIELD(by_direction), FIELD(by_type), FIELD(by_content), FIELD(by_timestamp))

}  // namespace wabot

namespace wabot {

/// An attempt at a part of a message.
struct AttemptStanding {
    std::int64_t part;
    std::string state;
    std::optional<std::int64_t> reported;  // the most the provider said of it, by rank
};
WABOT_DESCRIBE(AttemptStanding, FIELD(part), FIELD(state), FIELD(reported))

}  // namespace wabot

namespace wabot::messages {

namespace {

constexpr std::string_view select_sql = R"sql(
    SELECT m.id, m.conversation_id, c.key AS conversation_key, m.device_id, d.key AS device, m.direction, m.sender_kind, m.agent_id,
           m.contact_id, k.name AS contact, k.contact_jid_enc, k.contact_jid_hash, k.contact_jid_last4, m.author_contact_id, m.message_type,
           CASE WHEN m.revoked_at IS NULL THEN m.content END AS content, m.metadata,
           m.whatsapp_message_id_enc, m.whatsapp_message_id_hash, m.whatsapp_message_id_last4, m.parent_id, m.status, m.error, m.edited_at, m.revoked_at,
           m.direction = 'incoming' AS is_from_user, m.timestamp, m.created_at, m.updated_at
    FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN devices d ON d.id = m.device_id
         JOIN contacts k ON k.id = c.contact_id
    WHERE m.deleted_at IS NULL)sql";
const std::string message_of_id = std::string(select_sql) + " AND m.id = $1";

int rank(MessageStatus status) {
    switch (status) {
        case MessageStatus::queued: return 0;
        case MessageStatus::uncertain: return 1;
        case MessageStatus::held: return 2;
        case MessageStatus::sent: return 3;
        case MessageStatus::delivered: return 4;
        case MessageStatus::read: return 5;
        case MessageStatus::played: return 6;
        case MessageStatus::failed:
        case MessageStatus::received:
        case MessageStatus::cancelled: return -1;
    }
    return -1;
}

bool is_reported(MessageStatus status) {
    return status == MessageStatus::delivered || status == MessageStatus::read || status == MessageStatus::played || status == MessageStatus::failed;
}

/// How an attempt stands: by the provider's word when that is more than "accepted".
MessageStatus status_of(const AttemptStanding& attempt) {
    static constexpr std::array<std::pair<std::string_view, MessageStatus>, 7> of_state{{{"failed", MessageStatus::failed},
                                                                                         {"held", MessageStatus::held},
                                                                                         {"uncertain", MessageStatus::uncertain},
                                                                                         {"cancelled", MessageStatus::cancelled},
                                                                                         {"queued", MessageStatus::queued},
                                                                                         {"claimed", MessageStatus::queued},
                                                                                         {"handing_over", MessageStatus::queued}}};
    static constexpr std::array<MessageStatus, 6> of_report{MessageStatus::sent,      MessageStatus::sent, MessageStatus::failed,
                                                            MessageStatus::delivered, MessageStatus::read, MessageStatus::played};
    const auto found = std::ranges::find(of_state, attempt.state, &std::pair<std::string_view, MessageStatus>::first);
    return found == of_state.end() ? of_report.at(static_cast<std::size_t>(attempt.reported.value_or(0))) : found->second;
}

bool is_accepted(MessageStatus status) {
    return rank(status) >= rank(MessageStatus::sent);
}

/// The attempts are in the order of parts, of each the newest last. A part stands as its furthest accepted attempt, else as its newest; the message
/// as the first of these that any part is in.
MessageStatus least_of(const std::vector<AttemptStanding>& attempts) {
    std::map<std::int64_t, MessageStatus> parts;
    for (const AttemptStanding& attempt : attempts) {
        const MessageStatus status = status_of(attempt);
        const auto [part, is_first] = parts.try_emplace(attempt.part, status);
        if (!is_first && (!is_accepted(part->second) || rank(status) > rank(part->second))) part->second = status;
    }
    using enum MessageStatus;
    for (const MessageStatus status : {failed, held, uncertain, cancelled, queued, sent, delivered, read, played})
        if (std::ranges::any_of(parts, [status](const auto& part) { return part.second == status; })) return status;
    return sent;
}

}  // namespace

std::optional<MessageId> add_incoming(Transaction& tx, const Incoming& m) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, author_contact_id, message_type, content, raw,
                              takes_turn, parent_id, whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp,
                              metadata, amends_hash, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
        ON CONFLICT (device_id, whatsapp_message_id_hash) WHERE whatsapp_message_id_hash IS NOT NULL DO NOTHING)sql";
    return tx.insert<MessageId>(sql, m.conversation, m.device, m.is_echo ? Direction::outgoing : Direction::incoming,
                                m.is_echo ? SenderKind::user : SenderKind::contact, m.contact, m.author, first_characters(m.message_type, 30),
                                m.content, m.raw, m.takes_turn, m.parent, m.provider_id.enc, m.provider_id.hash, m.provider_id.last4,
                                m.is_echo ? MessageStatus::sent : MessageStatus::received, m.timestamp, JsonText{std::string(m.metadata)},
                                m.amends_hash.empty() ? std::nullopt : std::optional(m.amends_hash), tx.now());
}

MessageId add_outgoing(Transaction& tx, const Outgoing& m) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, agent_id, message_type, content, parent_id, status,
                              timestamp, created_at, updated_at)
        VALUES ($1, $2, 'outgoing', $3, $4, $5, $6, NULLIF($7, ''), $8, 'queued', $9, $9, $9))sql";
    return tx.insert<MessageId>(sql, m.conversation, m.device, m.sender, m.contact, m.agent, m.kind, m.content, m.parent, tx.now()).value();
}

void amend(Transaction& tx, const Cause& cause, MessageId amending, MessageId amended) {
    static constexpr std::string_view sql = R"sql(
        SELECT o.conversation_id, o.device_id, o.direction, o.content, o.metadata, o.edited_at, o.revoked_at,
               a.conversation_id AS by_conversation_id, a.direction AS by_direction, a.message_type AS by_type, a.content AS by_content,
               a.timestamp AS by_timestamp
        FROM messages o JOIN messages a ON a.id = $2 WHERE o.id = $1)sql";
    const auto found = tx.query(sql, amended, amending).first<AmendedMessage>();
    tx.execute("UPDATE messages SET parent_id = $2, amends_hash = NULL WHERE id = $1", amending, amended);
    if (!found || found->conversation_id != found->by_conversation_id || found->direction != found->by_direction) return;
    const bool revokes = found->by_type == "revoke";
    if (found->revoked_at || (!revokes && found->edited_at && *found->edited_at > found->by_timestamp)) return;
    lanes::lock(tx, found->conversation_id);
    if (revokes) {
        tx.execute("UPDATE messages SET revoked_at = $2, updated_at = $3 WHERE id = $1", amended, found->by_timestamp, tx.now());
    } else {
        Json metadata = read_json(found->metadata.text);
        if (!found->edited_at) metadata["original_content"] = found->content ? Json(*found->content) : Json(nullptr);
        tx.execute("UPDATE messages SET content = $2, metadata = $3, edited_at = $4, updated_at = $5 WHERE id = $1", amended, found->by_content,
                   JsonText{write_json(metadata)}, found->by_timestamp, tx.now());
    }
    // A decision on the earlier text must not be written down.
    tx.execute("UPDATE conversations SET turn_lease_no = turn_lease_no + 1 WHERE id = $1 AND turn_state = 'ready'", found->conversation_id);
    changes::record(tx, cause, revokes ? "message.revoked" : "message.edited", "message", amended.value, found->device_id.value);
}

bool any_amendments_wait(Snapshot& db) {
    return !db.query("SELECT id FROM messages WHERE amends_hash IS NOT NULL LIMIT 1").empty();
}

std::vector<MessageId> amendments_waiting(Snapshot& db, DeviceId device, const Bytes& provider_id_hash) {
    static constexpr std::string_view sql = "SELECT id FROM messages WHERE device_id = $1 AND amends_hash = $2 ORDER BY id LIMIT 100";
    return db.query(sql, device, provider_id_hash).all<MessageId>();
}

void read_again(Transaction& tx, MessageId id, const Incoming& m) {
    static constexpr std::string_view sql = R"sql(
        UPDATE messages SET content = COALESCE(content, $2), metadata = $3, updated_at = $4
        WHERE id = $1 AND CAST(metadata AS TEXT) = '{}')sql";
    if (m.metadata != "{}") tx.execute(sql, id, m.content, JsonText{std::string(m.metadata)}, tx.now());
}

bool is_revoked(Snapshot& db, MessageId id) {
    return !db.query("SELECT id FROM messages WHERE id = $1 AND revoked_at IS NOT NULL", id).empty();
}

std::optional<std::string> raw_of(Snapshot& db, const Vault& vault, MessageId id) {
    const auto raw = db.query("SELECT raw FROM messages WHERE id = $1 AND raw IS NOT NULL", id).first<Bytes>();
    return raw ? std::optional(vault.open(*raw, raw_data)) : std::nullopt;
}

std::optional<std::string> kept_content(Snapshot& db, MessageId id) {
    return db.query("SELECT content FROM messages WHERE id = $1 AND content IS NOT NULL", id).first<std::string>();
}

std::optional<MessageId> find_by_provider_id(Snapshot& db, DeviceId device, const Bytes& hash) {
    static constexpr std::string_view sql = "SELECT id FROM messages WHERE device_id = $1 AND whatsapp_message_id_hash = $2";
    return db.query(sql, device, hash).first<MessageId>();
}

std::optional<MessageId> find_by_provider_ids(Snapshot& db, DeviceId device, const Bytes& hash, const std::vector<Bytes>& also) {
    if (const auto exact = find_by_provider_id(db, device, hash)) return exact;
    std::optional<MessageId> found;
    for (const Bytes& other : also) {
        const auto id = find_by_provider_id(db, device, other);
        if (found && id && *id != *found) return std::nullopt;
        if (id) found = id;
    }
    return found;
}

std::vector<Message> list(Snapshot& db, const Filter& filter, const Page& page) {
    Condition own;
    if (filter.conversation) own.also("conversation_id = ?", *filter.conversation);
    if (filter.device) own.also("device_id = ?", *filter.device);
    if (filter.direction) own.also("direction = ?", *filter.direction);
    if (filter.status) own.also("status = ?", *filter.status);
    return list_page<Message>(db, {.select = select_sql, .newest_first = true, .log = "messages"}, std::move(own), page);
}

std::optional<Message> find(Snapshot& db, MessageId id) {
    return db.query(message_of_id, id).first<Message>();
}

Message get(Snapshot& db, MessageId id) {
    auto found = find(db, id);
    if (!found) throw Error(Errc::not_found, "no message " + std::to_string(id.value), "see wabot message list");
    return std::move(*found);
}

bool advances(MessageStatus from, MessageStatus to) {
    if (rank(from) < 0) return false;
    if (to == MessageStatus::failed) return rank(from) < rank(MessageStatus::delivered);
    return rank(to) > rank(from);
}

void advance(Transaction& tx, MessageId id, MessageStatus to, const std::optional<JsonText>& error) {
    const auto from = tx.query("SELECT status FROM messages WHERE id = $1", id).one<MessageStatus>();
    if (!advances(from, to)) return;
    tx.execute("UPDATE messages SET status = $2, error = $3, updated_at = $4 WHERE id = $1", id, to, error, tx.now());
}

void follow_sends(Transaction& tx, MessageId id, const std::optional<JsonText>& error) {
    const auto from = tx.query("SELECT status FROM messages WHERE id = $1", id).one<MessageStatus>();
    // In a group a failure is of one participant, and says nothing of the others.
    static constexpr std::string_view sql = R"sql(
        SELECT s.part, s.state,
               (SELECT CAST(max(CASE r.status WHEN 'played' THEN 5 WHEN 'read' THEN 4 WHEN 'delivered' THEN 3 WHEN 'failed' THEN 2 ELSE 0 END) AS BIGINT)
                FROM message_statuses r
                WHERE r.whatsapp_message_id_hash = s.whatsapp_message_id_hash AND (r.status <> 'failed' OR k.is_group <> $2)) AS reported
        FROM sends s JOIN conversations c ON c.id = s.conversation_id JOIN contacts k ON k.id = c.contact_id
        WHERE s.message_id = $1 ORDER BY s.part, s.attempt)sql";
    const MessageStatus to = least_of(tx.query(sql, id, true).all<AttemptStanding>());
    if (from == MessageStatus::failed || to == from) return;
    const bool is_final = to == MessageStatus::failed || to == MessageStatus::held;
    if (is_reported(from) && !is_final && rank(to) < rank(from)) return;
    tx.execute("UPDATE messages SET status = $2, error = $3, updated_at = $4 WHERE id = $1", id, to, error, tx.now());
}

}  // namespace wabot::messages
