#include "core/messaging/inbox.hpp"

#include "core/base/error.hpp"
#include "core/messaging/changes.hpp"

namespace wabot::inbox {

namespace {

struct StoredBody {
    InboxState state;
    std::optional<Bytes> body;
};

}  // namespace
}  // namespace wabot::inbox

namespace wabot {
using InboxStoredBody = inbox::StoredBody;
WABOT_DESCRIBE(InboxStoredBody, FIELD(state), FIELD(body))
}  // namespace wabot

namespace wabot::inbox {

Arrival make_arrival(const Vault& vault, std::string_view kind, std::string_view body, std::string request_id) {
    Arrival arrival;
    arrival.kind = kind;
    arrival.digest = vault.hash(body);
    arrival.body = vault.seal_bytes(body, body_data);
    arrival.request_id = std::move(request_id);
    return arrival;
}

Appended append(Transaction& tx, const Arrival& arrival) {
    static constexpr std::string_view revision_sql = "SELECT revision FROM devices WHERE id = $1 AND is_active AND deleted_at IS NULL";
    const auto revision = tx.query(revision_sql, arrival.verified_by).first<std::int64_t>();
    if (revision != arrival.verified_revision) return Appended::stale;
    static constexpr std::string_view sql = R"sql(
        INSERT INTO inbox (kind, device_id, verified_by, digest, body, request_id, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (kind, digest) DO NOTHING)sql";
    const auto added =
        tx.execute(sql, arrival.kind, arrival.device_id, arrival.verified_by, arrival.digest, arrival.body, arrival.request_id, tx.now());
    return added == 1 ? Appended::stored : Appended::repeated;
}

std::vector<InboxRow> list(Snapshot& db, std::optional<InboxState> state, int limit, std::optional<InboxId> before) {
    static constexpr std::string_view sql = R"sql(
        SELECT i.id, i.kind, i.device_id, i.state, i.error, i.attempts, i.request_id, i.received_at, i.done_at,
               (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id) AS items,
               (SELECT count(t.message_id) FROM inbox_items t WHERE t.inbox_id = i.id AND t.state = 'done') AS messages
        FROM inbox i
        WHERE (CAST($1 AS TEXT) IS NULL OR i.state = $1) AND (CAST($2 AS BIGINT) IS NULL OR i.id < $2)
        ORDER BY i.id DESC LIMIT $3)sql";
    return db.query(sql, state, before, limit).all<InboxRow>();
}

std::optional<InboxRow> find(Snapshot& db, InboxId id) {
    auto page = list(db, std::nullopt, 1, InboxId{id.value + 1});
    if (page.empty() || page.front().id != id) return std::nullopt;
    return std::move(page.front());
}

std::vector<InboxItem> items(Snapshot& db, InboxId id) {
    static constexpr std::string_view sql =
        "SELECT position, device_id, kind, state, error, message_id FROM inbox_items WHERE inbox_id = $1 ORDER BY position LIMIT 1000";
    return db.query(sql, id).all<InboxItem>();
}

std::optional<std::string> body(Snapshot& db, const Vault& vault, InboxId id) {
    const auto row = db.query("SELECT state, body FROM inbox WHERE id = $1", id).first<InboxStoredBody>();
    if (!row) throw Error(Errc::not_found, "no event " + std::to_string(id.value), "see wabot event list");
    if (!row->body) return std::nullopt;
    return vault.open(*row->body, body_data);
}

void hold_drain(Transaction& tx) {
    tx.query("SELECT id FROM drain_shards WHERE id = 1 {for_update}");
}

bool try_drain(Transaction& tx) {
    return !tx.query("SELECT id FROM drain_shards WHERE id = 1 {skip_locked}").empty();
}

void replay(Transaction& tx, const Cause& cause, InboxId id) {
    const auto row = tx.query("SELECT state, body FROM inbox WHERE id = $1 {for_update}", id).first<InboxStoredBody>();
    if (!row) throw Error(Errc::not_found, "no event " + std::to_string(id.value), "see wabot event list");
    if (row->state == InboxState::received) throw Error(Errc::conflict, "event " + std::to_string(id.value) + " is in line already");
    if (!row->body) throw Error(Errc::conflict, "the body of event " + std::to_string(id.value) + " was blanked after its retention time");
    tx.execute("UPDATE inbox SET state = 'received', error = NULL, done_at = NULL WHERE id = $1", id);
    changes::record(tx, cause, "event.replayed", "event", id.value);
}

std::int64_t replay_unrouted(Transaction& tx) {
    return tx.execute("UPDATE inbox SET state = 'received', error = NULL WHERE state = 'unrouted' AND body IS NOT NULL");
}

}  // namespace wabot::inbox
