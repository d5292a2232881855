#include "core/messaging/inbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "core/base/error.hpp"
#include "core/database/listing.hpp"
#include "core/messaging/changes.hpp"

namespace wabot::inbox {

namespace {

struct StoredBody {
    InboxState state;
    std::optional<Bytes> body;
};

// How many rows one statement adds: each is prepared once. What is between two of them is filled up with the last row once more, which ON CONFLICT
// leaves out: cheaper than another statement.
constexpr std::size_t append_sizes[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64};

// No parameter is ever null: a statement is prepared for the types of its parameters, and null is one more.
constexpr std::string_view append_columns[] = {"${}", ", NULLIF(${}, 0)", ", ${}", ", ${}", ", ${}", ", ${}", ", ${}"};

std::string make_append_sql(std::size_t rows) {
    std::string sql = "INSERT INTO inbox (kind, device_id, verified_by, digest, body, request_id, received_at) VALUES ";
    std::size_t n = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        sql += row == 0 ? "(" : ", (";
        for (const std::string_view column : append_columns) sql += fmt::format(fmt::runtime(column), ++n);
        sql += ")";
    }
    return sql + " ON CONFLICT (kind, digest) DO NOTHING";
}

/// The smallest statement that adds that many rows, or the largest there is.
struct AppendStatement {
    std::size_t rows;
    std::string sql;
};

const AppendStatement& append_statement(std::size_t rows) {
    static const auto all = [] {
        std::vector<AppendStatement> out;
        for (const std::size_t size : append_sizes) out.push_back({size, make_append_sql(size)});
        return out;
    }();
    const auto found = std::ranges::lower_bound(all, rows, {}, &AppendStatement::rows);
    return found == all.end() ? all.back() : *found;
}

void add_values(std::vector<Value>& values, const Arrival& arrival, Time now) {
    Value row[] = {
        arrival.kind, arrival.device_id.value_or(DeviceId{}).value, to_value(arrival.verified_by), arrival.digest, arrival.body, arrival.request_id,
        now};
    values.insert(values.end(), std::make_move_iterator(std::begin(row)), std::make_move_iterator(std::end(row)));
}

std::optional<std::int64_t> revision_of(Snapshot& db, DeviceId device) {
    return db.query("SELECT revision FROM devices WHERE id = $1 AND is_active AND deleted_at IS NULL", device).first<std::int64_t>();
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

std::vector<Appended> append_all(Transaction& tx, std::span<const Arrival* const> arrivals) {
    std::vector<Appended> out(arrivals.size(), Appended::stale);
    std::map<DeviceId, std::optional<std::int64_t>> revisions;
    std::vector<std::size_t> verified;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        const auto [revision, is_new] = revisions.try_emplace(arrivals[i]->verified_by);
        if (is_new) revision->second = revision_of(tx, arrivals[i]->verified_by);
        if (revision->second == arrivals[i]->verified_revision) verified.push_back(i);
    }
    for (std::size_t done = 0; done < verified.size();) {
        const AppendStatement& statement = append_statement(verified.size() - done);
        const auto part = std::span(verified).subspan(done, std::min(statement.rows, verified.size() - done));
        std::vector<Value> values;
        for (std::size_t i = 0; i < statement.rows; ++i) add_values(values, *arrivals[part[std::min(i, part.size() - 1)]], tx.now());
        const bool any_new = tx.execute_with(statement.sql, values) > 0;
        for (const std::size_t i : part) out[i] = any_new ? Appended::stored : Appended::repeated;
        done += part.size();
    }
    return out;
}

Appended append(Transaction& tx, const Arrival& arrival) {
    const Arrival* const one[] = {&arrival};
    return append_all(tx, one).front();
}

std::vector<InboxRow> list(Snapshot& db, std::optional<InboxState> state, const Page& page) {
    static constexpr std::string_view sql = R"sql(
        SELECT i.id, i.kind, i.device_id, i.state, i.error, i.attempts, i.request_id, i.received_at, i.done_at,
               (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id) AS items,
               (SELECT count(t.message_id) FROM inbox_items t WHERE t.inbox_id = i.id AND t.state = 'done') AS messages
        FROM inbox i)sql";
    Condition own;
    if (state) own.also("state = ?", *state);
    return list_page<InboxRow>(db, {.select = sql, .newest_first = true, .time = "received_at", .log = "inbox"}, std::move(own), page);
}

std::optional<InboxRow> find(Snapshot& db, InboxId id) {
    auto next = list(db, std::nullopt, {.after = id.value + 1, .limit = 1});
    if (next.empty() || next.front().id != id) return std::nullopt;
    return std::move(next.front());
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
