#include "core/inbox/inbox.hpp"

#include <map>

#include "core/base/error.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"

namespace wabot::inbox {

namespace {

struct StoredBody {
    InboxState state;
    std::optional<Bytes> body;
};

constexpr InsertMany::Column append_columns[] = {{"kind", Kind::text},       {"device_id", Kind::integer}, {"verified_by", Kind::integer},
                                                 {"digest", Kind::bytes},    {"body", Kind::bytes},        {"request_id", Kind::text},
                                                 {"received_at", Kind::time}};
constexpr InsertMany append_statement{.table = "inbox", .columns = append_columns, .on_conflict = "ON CONFLICT (kind, digest) DO NOTHING"};

std::vector<Value> row_of(const Arrival& arrival, Time now) {
    return {arrival.kind, to_value(arrival.device_id), to_value(arrival.verified_by), arrival.digest, arrival.body, arrival.request_id, now};
}

std::optional<std::int64_t> revision_of(Snapshot& db, DeviceId device) {
    return db.query("SELECT revision FROM devices WHERE id = $1 AND deleted_at IS NULL", device).first<std::int64_t>();
}

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

std::vector<Appended> append_all(Transaction& tx, std::span<const Arrival* const> inbox_reader) {
    std::vector<Appended> out(inbox_reader.size(), Appended::stale);
    std::map<DeviceId, std::optional<std::int64_t>> revisions;
    std::vector<std::vector<Value>> rows;
    std::vector<std::size_t> verified;
    for (std::size_t i = 0; i < inbox_reader.size(); ++i) {
        if (const auto device = inbox_reader[i]->verified_by) {
            const auto [revision, is_new] = revisions.try_emplace(*device);
            if (is_new) revision->second = revision_of(tx, *device);
            if (revision->second != inbox_reader[i]->verified_revision) continue;
        }
        verified.push_back(i);
        rows.push_back(row_of(*inbox_reader[i], tx.now()));
    }
    const bool any_new = tx.insert_all(append_statement, rows) > 0;
    for (const std::size_t i : verified) out[i] = any_new ? Appended::stored : Appended::repeated;
    return out;
}

Appended append(Transaction& tx, const Arrival& arrival) {
    const Arrival* const one[] = {&arrival};
    return append_all(tx, one).front();
}

std::vector<InboxEvent> list(Snapshot& db, std::optional<InboxState> state, const Page& page) {
    static constexpr std::string_view sql = R"sql(
        SELECT i.id, i.kind, i.device_id, i.state, i.error, i.attempts, i.request_id, i.received_at, i.done_at,
               (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id) AS items,
               (SELECT count(t.message_id) FROM inbox_items t WHERE t.inbox_id = i.id AND t.state = 'done') AS messages
        FROM inbox i)sql";
    Condition own;
    if (state) own.also("state = ?", *state);
    return list_page<InboxEvent>(db, {.select = sql, .newest_first = true, .time = "received_at", .log = "inbox"}, std::move(own), page);
}

std::optional<InboxEvent> find(Snapshot& db, InboxId id) {
    auto next = list(db, std::nullopt, {.after = id.value + 1, .limit = 1});
    if (next.empty() || next.front().id != id) return std::nullopt;
    return std::move(next.front());
}

std::vector<InboxItem> items(Snapshot& db, InboxId id) {
    static constexpr std::string_view sql =
        "SELECT position, device_id, kind, state, error, message_id FROM inbox_items WHERE inbox_id = $1 ORDER BY position LIMIT 1000";
    return db.query(sql, id).all<InboxItem>();
}

bool waits_since(Snapshot& db, Time time) {
    const auto oldest = db.query("SELECT received_at FROM inbox WHERE state = 'received' ORDER BY id LIMIT 1").first<Time>();
    return oldest && *oldest <= time;
}

std::optional<std::string> body(Snapshot& db, const Vault& vault, InboxId id) {
    const auto row = db.query("SELECT state, body FROM inbox WHERE id = $1", id).first<InboxStoredBody>();
    if (!row) throw Error(Errc::not_found, "no event " + std::to_string(id.value), "see wabot event list");
    if (!row->body) return std::nullopt;
    return vault.open(*row->body, body_data);
}

void lock_inbox(Transaction& tx) {
    tx.query("SELECT id FROM drain_shards WHERE id = 1 {for_update}");
}

bool try_drain(Transaction& tx) {
    return !tx.query("SELECT id FROM drain_shards WHERE id = 1 {skip_locked}").empty();
}

bool replay(Transaction& tx, const Cause& cause, InboxId id) {
    const auto row = tx.query("SELECT state, body FROM inbox WHERE id = $1 {for_update}", id).first<InboxStoredBody>();
    if (!row) throw Error(Errc::not_found, "no event " + std::to_string(id.value), "see wabot event list");
    if (row->state == InboxState::received) return false;
    if (!row->body) throw Error(Errc::conflict, "the body of event " + std::to_string(id.value) + " was blanked after its retention time");
    tx.execute("UPDATE inbox SET state = 'received', error = NULL, done_at = NULL WHERE id = $1", id);
    changes::record(tx, cause, "event.replayed", "event", id.value);
    return true;
}

std::int64_t replay_unrouted(Transaction& tx) {
    return tx.execute("UPDATE inbox SET state = 'received', error = NULL WHERE state = 'unrouted' AND body IS NOT NULL");
}

}  // namespace wabot::inbox
