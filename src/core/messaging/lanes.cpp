#include "core/messaging/lanes.hpp"

#include <algorithm>
#include <string>

#include "core/queue/back_off.hpp"

namespace wabot {

/// A lane that waits, and when the rows were written that it waits for.
struct LateLane {
    ConversationId id;
    Time due_at, written_at;
    std::int64_t attempt;  // of the turn that waits; 0 = of none
};
WABOT_DESCRIBE(LateLane, FIELD(id), FIELD(due_at), FIELD(written_at), FIELD(attempt))

}  // namespace wabot

namespace wabot::lanes {

namespace {

// Both lanes run the same text; only the columns' prefix differs.
struct LaneSql {
    std::string add, add_again, hasten, drop, drop_ready, finish, holds, extend, expire, reclaim_expired, reclaim_worker;
};

std::string for_lane(std::string text, std::string_view prefix) {
    static constexpr std::string_view mark = "{lane}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) text.replace(at, mark.size(), prefix);
    return text;
}

LaneSql make_sql(std::string_view prefix) {
    return {
        for_lane(R"sql(
            UPDATE conversations SET last_message_at = $3, updated_at = $3, {lane}_pending = {lane}_pending + $2,
                   {lane}_due_at = CASE WHEN {lane}_state = 'idle' THEN $3 ELSE {lane}_due_at END,
                   {lane}_state = CASE WHEN {lane}_state = 'idle' THEN 'ready' ELSE {lane}_state END
            WHERE id = $1)sql",
                 prefix),
        for_lane(R"sql(
            UPDATE conversations SET {lane}_pending = {lane}_pending + 1,
                   {lane}_due_at = CASE WHEN {lane}_state = 'idle' THEN $2 ELSE {lane}_due_at END,
                   {lane}_state = CASE WHEN {lane}_state = 'idle' THEN 'ready' ELSE {lane}_state END
            WHERE id = $1)sql",
                 prefix),
        for_lane("UPDATE conversations SET {lane}_due_at = $2 WHERE id = $1 AND {lane}_state = 'ready' AND {lane}_due_at > $2", prefix),
        for_lane(R"sql(
            UPDATE conversations SET {lane}_pending = {lane}_pending - 1,
                   {lane}_state = CASE WHEN {lane}_state = 'ready' AND {lane}_pending = 1 THEN 'idle' ELSE {lane}_state END
            WHERE id = $1)sql",
                 prefix),
        for_lane(R"sql(
            UPDATE conversations SET {lane}_pending = {lane}_pending - 1, {lane}_due_at = $2,
                   {lane}_state = CASE WHEN {lane}_pending = 1 THEN 'idle' ELSE 'ready' END
            WHERE id = $1 AND {lane}_state = 'ready')sql",
                 prefix),
        for_lane(R"sql(
            UPDATE conversations SET {lane}_pending = {lane}_pending - $3,
                   {lane}_state = CASE WHEN {lane}_pending > $3 THEN 'ready' ELSE 'idle' END,
                   {lane}_due_at = $4, {lane}_lease_until = NULL, {lane}_worker = NULL
            WHERE id = $1 AND {lane}_lease_no = $2 AND {lane}_state = 'running')sql",
                 prefix),
        for_lane(R"sql(
            SELECT id FROM conversations WHERE id = $1 AND {lane}_lease_no = $2 AND {lane}_state = 'running' {for_update})sql",
                 prefix),
        for_lane(R"sql(
            UPDATE conversations SET {lane}_lease_until = $3
            WHERE id = (SELECT id FROM conversations WHERE id = $1 AND {lane}_lease_no = $2 AND {lane}_state = 'running' {skip_locked}))sql",
                 prefix),
        for_lane(R"sql(
            WITH lost AS MATERIALIZED (
                SELECT id FROM conversations
                WHERE {lane}_state = 'running' AND {lane}_worker = $1 AND {lane}_lease_until = $2 ORDER BY id {skip_locked})
            UPDATE conversations SET {lane}_lease_until = 0 WHERE id IN (SELECT id FROM lost))sql",
                 prefix),
        for_lane(R"sql(
            WITH lost AS MATERIALIZED (
                SELECT id FROM conversations WHERE {lane}_state = 'running' AND {lane}_lease_until < $1 {skip_locked})
            UPDATE conversations SET {lane}_state = 'ready', {lane}_lease_until = NULL, {lane}_worker = NULL
            WHERE id IN (SELECT id FROM lost)
            RETURNING id)sql",
                 prefix),
        for_lane(R"sql(
            WITH held AS MATERIALIZED (
                SELECT id FROM conversations WHERE {lane}_state = 'running' AND {lane}_worker = $1 ORDER BY id {for_update})
            UPDATE conversations SET {lane}_state = 'ready', {lane}_lease_until = NULL, {lane}_worker = NULL
            WHERE id IN (SELECT id FROM held)
            RETURNING id)sql",
                 prefix),
    };
}

const LaneSql& sql_of(Lane lane) {
    static const LaneSql turn = make_sql("turn");
    static const LaneSql send = make_sql("send");
    return lane == Lane::turn ? turn : send;
}

}  // namespace

void lock(Transaction& tx, ConversationId id) {
    tx.query("SELECT id FROM conversations WHERE id = $1 {for_update}", id);
}

bool try_lock(Transaction& tx, ConversationId id) {
    return !tx.query("SELECT id FROM conversations WHERE id = $1 {skip_locked}", id).empty();
}

void add(Transaction& tx, Lane lane, ConversationId id, std::int64_t count) {
    tx.execute_deferred(sql_of(lane).add, id, count, tx.now());
}

void add_again(Transaction& tx, Lane lane, ConversationId id, Time due_at) {
    tx.execute(sql_of(lane).add_again, id, due_at);
}

bool hasten(Transaction& tx, Lane lane, ConversationId id, Time due_at) {
    return tx.execute(sql_of(lane).hasten, id, due_at) == 1;
}

void correct_due_times(Transaction& tx) {
    // A row that was written in the future was written by a clock that was ahead, and so was the time its lane waits for: the row of the open turn,
    // or the next message. A turn that failed waits for no longer than its back-off in any case.
    static constexpr std::string_view turns_sql = R"sql(
        SELECT c.id, c.turn_due_at AS due_at, COALESCE(t.attempt, 0) AS attempt,
               COALESCE(t.updated_at, (SELECT m.created_at FROM messages m WHERE m.conversation_id = c.id AND m.takes_turn AND m.id > c.turn_cursor
                                       ORDER BY m.id LIMIT 1), c.updated_at) AS written_at
        FROM conversations c LEFT JOIN turns t ON t.conversation_id = c.id AND t.outcome IS NULL
        WHERE c.turn_state = 'ready' AND c.turn_due_at > $1 ORDER BY c.turn_due_at DESC LIMIT 100)sql";
    static const std::string sends_sql = std::string(R"sql(
        SELECT id, due_at, written_at, 0 AS attempt FROM (
            SELECT c.id, c.send_due_at AS due_at,
                   (SELECT max(s.updated_at) FROM sends s WHERE s.conversation_id = c.id AND )sql") +
                                         unfinished_sends + R"sql() AS written_at
            FROM conversations c WHERE c.device_id = $2 AND c.send_state = 'ready' AND c.send_due_at > $1
            ORDER BY c.send_due_at DESC LIMIT 100) latest
        WHERE written_at > $1)sql";
    const Time now = tx.now();
    const auto correct = [&](Lane lane, const std::vector<LateLane>& late) {
        for (const LateLane& one : late) {
            Time due_at = one.due_at;
            if (one.written_at > now + clock_jump) due_at = now + std::max(one.due_at - one.written_at, Time::duration{});
            if (one.attempt > 0) due_at = std::min<Time>(due_at, now + back_off(one.attempt, 1));
            if (due_at < one.due_at) hasten(tx, lane, one.id, due_at);
        }
    };
    correct(Lane::turn, tx.query(turns_sql, now + clock_jump).all<LateLane>());
    for (const DeviceId device : tx.query("SELECT id FROM devices WHERE deleted_at IS NULL ORDER BY id LIMIT 256").all<DeviceId>())
        correct(Lane::send, tx.query(sends_sql, now + clock_jump, device).all<LateLane>());
}

void drop(Transaction& tx, Lane lane, ConversationId id) {
    tx.execute(sql_of(lane).drop, id);
}

std::int64_t drop_ready(Transaction& tx, Lane lane, ConversationId id, Time due_at) {
    return tx.execute(sql_of(lane).drop_ready, id, due_at);
}

void end_wait(Transaction& tx, ConversationId id, Time waited_until) {
    tx.execute("UPDATE conversations SET turn_due_at = $3 WHERE id = $1 AND turn_state = 'ready' AND turn_due_at = $2", id, waited_until, tx.now());
}

std::vector<ClaimedLane> claim_turns(Transaction& tx, int limit, Time until, WorkerId worker) {
    static constexpr std::string_view sql = R"sql(
        WITH due AS MATERIALIZED (
            SELECT id FROM conversations WHERE turn_state = 'ready' AND turn_due_at <= $1 ORDER BY turn_due_at, id LIMIT $2 {skip_locked})
        UPDATE conversations SET turn_state = 'running', turn_lease_no = turn_lease_no + 1, turn_lease_until = $3, turn_worker = $4
        WHERE id IN (SELECT id FROM due)
        RETURNING id, turn_lease_no AS lease_no)sql";
    return tx.query(sql, tx.now(), limit, until, worker).all<ClaimedLane>();
}

std::vector<DeviceId> devices_with_sends(Snapshot& db, Time now) {
    // A look into the index for each device that may send, however long its lanes are.
    static constexpr std::string_view sql = R"sql(
        SELECT id FROM (
            SELECT d.id, (SELECT c.send_due_at FROM conversations c WHERE c.device_id = d.id AND c.send_state = 'ready' AND c.send_due_at <= $1
                          ORDER BY c.send_due_at, c.id LIMIT 1) AS due_at
            FROM devices d LEFT JOIN device_pacing p ON p.device_id = d.id
            WHERE d.is_active = $2 AND d.status <> 'error' AND d.deleted_at IS NULL
              AND (COALESCE(p.blocked_until, 0) <= $1 OR p.limited_at > $3) AND (COALESCE(p.next_at, 0) <= $1 OR p.next_at > $3)) longest
        WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT 256)sql";
    auto found = db.query(sql, now, true, now + clock_jump).all<DeviceId>();
    std::ranges::sort(found);
    return found;
}

bool has_sends(Snapshot& db, DeviceId device, Time now) {
    static constexpr std::string_view sql =
        "SELECT id FROM conversations WHERE device_id = $1 AND send_state = 'ready' AND send_due_at <= $2 LIMIT 1";
    return !db.query(sql, device, now).empty();
}

std::vector<ClaimedLane> claim_sends(Transaction& tx, DeviceId device, int limit, Time until, WorkerId worker) {
    static constexpr std::string_view sql = R"sql(
        WITH due AS MATERIALIZED (
            SELECT id FROM conversations WHERE device_id = $5 AND send_state = 'ready' AND send_due_at <= $1
            ORDER BY send_due_at, id LIMIT $2 {skip_locked})
        UPDATE conversations SET send_state = 'running', send_lease_no = send_lease_no + 1, send_lease_until = $3, send_worker = $4
        WHERE id IN (SELECT id FROM due)
        RETURNING id, send_lease_no AS lease_no)sql";
    return tx.query(sql, tx.now(), limit, until, worker, device).all<ClaimedLane>();
}

bool finish(Transaction& tx, Lane lane, const ClaimedLane& claimed, std::int64_t done, Time due_at) {
    return tx.execute(sql_of(lane).finish, claimed.id, claimed.lease_no, done, due_at) == 1;
}

void recount_sends(Transaction& tx, ConversationId id, Time due_at) {
    static const std::string count_sql = std::string("SELECT count(*) FROM sends WHERE conversation_id = $1 AND ") + unfinished_sends;
    static constexpr std::string_view sql = R"sql(
        UPDATE conversations SET send_pending = $2, send_due_at = $3, send_state = CASE WHEN $2 > 0 THEN 'ready' ELSE 'idle' END
        WHERE id = $1 AND send_state <> 'running')sql";
    const auto pending = tx.query(count_sql, id).one<std::int64_t>();
    tx.execute(sql, id, pending, due_at);
}

bool finish_turn(Transaction& tx, const ClaimedLane& claimed, MessageId cursor) {
    static constexpr std::string_view sql = R"sql(
        UPDATE conversations SET turn_pending = turn_pending - 1, turn_state = CASE WHEN turn_pending > 1 THEN 'ready' ELSE 'idle' END,
               turn_due_at = $3, turn_lease_until = NULL, turn_worker = NULL,
               turn_cursor = CASE WHEN turn_cursor < $4 THEN $4 ELSE turn_cursor END
        WHERE id = $1 AND turn_lease_no = $2 AND turn_state = 'running')sql";
    return tx.execute(sql, claimed.id, claimed.lease_no, tx.now(), cursor) == 1;
}

bool holds(Transaction& tx, Lane lane, const ClaimedLane& claimed) {
    return !tx.query(sql_of(lane).holds, claimed.id, claimed.lease_no).empty();
}

void extend(Transaction& tx, Lane lane, const ClaimedLane& claimed, Time until) {
    tx.execute(sql_of(lane).extend, claimed.id, claimed.lease_no, until);
}

void expire(Transaction& tx, Lane lane, WorkerId worker, Time until) {
    tx.execute(sql_of(lane).expire, worker, until);
}

std::vector<ConversationId> reclaim_expired(Transaction& tx, Lane lane, Time now) {
    return tx.query(sql_of(lane).reclaim_expired, now).all<ConversationId>();
}

std::vector<ConversationId> reclaim_worker(Transaction& tx, Lane lane, WorkerId worker) {
    return tx.query(sql_of(lane).reclaim_worker, worker).all<ConversationId>();
}

}  // namespace wabot::lanes
