#include "core/messaging/work.hpp"

#include <algorithm>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/natural_key.hpp"

namespace wabot {

std::string to_text(const WorkId& id) {
    return std::string(to_word(id.queue)) + "/" + std::to_string(id.number);
}

std::optional<WorkId> to_work_id(std::string_view word) {
    const auto slash = word.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto queue = from_word<QueueName>(word.substr(0, slash));
    const auto number = as_id(word.substr(slash + 1));
    if (!queue || *queue == QueueName::inbox || !number) return std::nullopt;
    return WorkId{*queue, *number};
}

}  // namespace wabot

namespace wabot::work {

namespace {

// What is not finished is little: each condition has the one that a partial index asks for.
// clang-format off
constexpr StateRow table[] = {
    {QueueName::turn, WorkState::running,   "t.outcome IS NULL AND c.turn_state = 'running'", "the answer is being computed"},
    {QueueName::turn, WorkState::available, "t.outcome IS NULL AND c.turn_state <> 'running' AND t.attempt = 0", "waits for a worker; a stop interrupted it", {.cancel = true}},
    {QueueName::turn, WorkState::available, "t.outcome = 'dead' AND t.reopened_at IS NOT NULL", "waits for a worker; someone wants it answered after all", {.cancel = true}},
    {QueueName::turn, WorkState::retrying,  "t.outcome IS NULL AND c.turn_state <> 'running' AND t.attempt > 0", "failed, and is tried again", {.cancel = true}},
    {QueueName::turn, WorkState::dead,      "t.outcome = 'dead' AND t.reopened_at IS NULL", "failed every time; its message has no answer", {.retry = true, .cancel = true}},
    {QueueName::turn, WorkState::cancelled, "t.outcome = 'no_reply' AND t.reason = 'cancelled'", "given up by a person"},
    {QueueName::turn, WorkState::done,      "(t.outcome = 'replied' OR t.outcome = 'suppressed' OR t.outcome = 'no_reply' AND COALESCE(t.reason, '') <> 'cancelled')", "came to its end"},

    {QueueName::send, WorkState::running,   "s.state = 'handing_over'", "is being handed over"},
    {QueueName::send, WorkState::running,   "s.state = 'claimed'", "a worker holds it"},
    {QueueName::send, WorkState::available, "s.state = 'queued' AND s.attempt = s.first_attempt AND s.last_error IS NULL", "waits for its turn, or for its device", {.cancel = true}},
    {QueueName::send, WorkState::retrying,  "s.state = 'queued' AND (s.attempt > s.first_attempt OR s.last_error IS NOT NULL)", "did not go, and is tried again", {.cancel = true}},
    {QueueName::send, WorkState::uncertain, "s.state = 'uncertain'", "may have arrived; a status settles it, else its window ends", {.cancel = true, .resolve = true}},
    {QueueName::send, WorkState::held,      "s.state = 'held'", "may have arrived; nothing happens until someone decides", {.retry = true, .cancel = true, .resolve = true}},
    {QueueName::send, WorkState::dead,      "s.state = 'failed' AND s.settled_by IS NULL", "refused for good, or failed every time", {.retry = true, .cancel = true}},
    {QueueName::send, WorkState::cancelled, "s.state = 'cancelled'", "is not sent", {.retry = true}},
    {QueueName::send, WorkState::done,      "(s.state = 'sent' OR s.state = 'failed' AND s.settled_by IS NOT NULL)", "accepted by the provider, or replaced by a later attempt"},

    {QueueName::job,  WorkState::running,   "j.state = 'running'", "a worker runs it"},
    {QueueName::job,  WorkState::available, "j.state = 'ready' AND j.attempt = 0", "waits for a worker, or for its time", {.cancel = true}},
    {QueueName::job,  WorkState::retrying,  "j.state = 'ready' AND j.attempt > 0", "failed, and is tried again", {.cancel = true}},
    {QueueName::job,  WorkState::held,      "j.state = 'held'", "of a kind that no worker here knows", {.retry = true, .cancel = true}},
    {QueueName::job,  WorkState::dead,      "j.state = 'dead'", "failed every time", {.retry = true, .cancel = true}},
    {QueueName::job,  WorkState::cancelled, "j.state = 'cancelled'", "given up by a person", {.retry = true}},
    {QueueName::job,  WorkState::done,      "j.state = 'done'", "came to its end"},
};
// clang-format on

constexpr std::string_view turns_sql = R"sql(
    SELECT 'turn/' || t.id AS id, t.id AS number, 'turn' AS kind, t.attempt,
           CASE WHEN c.turn_state = 'ready' AND (t.outcome IS NULL OR t.reopened_at IS NOT NULL) THEN c.turn_due_at END AS due_at,
           t.last_error AS error, d.key AS session_id, t.conversation_id, t.first_message_id AS message_id,
           CASE WHEN t.outcome IS NULL THEN c.turn_worker END AS worker, t.reason, t.created_at, t.updated_at
    FROM turns t JOIN conversations c ON c.id = t.conversation_id JOIN devices d ON d.id = c.device_id
    WHERE {id} >= $1 AND {id} <= $2 AND (CAST($3 AS BIGINT) IS NULL OR c.device_id = $3) AND )sql";
constexpr std::string_view sends_sql = R"sql(
    SELECT 'send/' || s.id AS id, s.id AS number, 'send' AS kind, s.attempt,
           CASE WHEN c.send_state = 'ready' AND s.state IN ('queued', 'uncertain') THEN c.send_due_at END AS due_at,
           s.last_error AS error, d.key AS session_id, s.conversation_id, s.message_id,
           CASE WHEN s.state IN ('claimed', 'handing_over') THEN s.worker END AS worker, s.settled_by AS reason, s.created_at, s.updated_at
    FROM sends s JOIN conversations c ON c.id = s.conversation_id JOIN devices d ON d.id = s.device_id
    WHERE {id} >= $1 AND {id} <= $2 AND (CAST($3 AS BIGINT) IS NULL OR s.device_id = $3) AND )sql";
// Jobs are of no device: where one is asked for there are none.
constexpr std::string_view jobs_sql = R"sql(
    SELECT 'job/' || j.id AS id, j.id AS number, j.kind, j.attempt, CASE WHEN j.state = 'ready' THEN j.due_at END AS due_at, j.last_error AS error,
           j.worker, j.created_at, j.updated_at
    FROM jobs j WHERE {id} >= $1 AND {id} <= $2 AND CAST($3 AS BIGINT) IS NULL AND )sql";

bool is_finished(WorkState state) {
    return state == WorkState::done || state == WorkState::cancelled;
}

/// The statements of a row of the table, made once.
struct RowSql {
    std::string find;  // walks the ids: for one of them, or for the newest of many
    std::string list;  // walks the index of the unfinished, and sorts what it finds
    std::string count;
};

RowSql make_sql(std::string_view select, std::string_view from, std::string_view id, std::string_view when) {
    const auto statement = [&](const std::string& named) {
        static constexpr std::string_view mark = "{id}";
        std::string text = std::string(select) + std::string(when) + " ORDER BY {id} DESC LIMIT $4";
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) text.replace(at, mark.size(), named);
        return text;
    };
    return {statement(std::string(id)), statement("+" + std::string(id)),
            "SELECT count(*) FROM " + std::string(from) + " WHERE " + std::string(when)};
}

RowSql make_sql(const StateRow& row) {
    switch (row.queue) {
        case QueueName::turn: return make_sql(turns_sql, "turns t JOIN conversations c ON c.id = t.conversation_id", "t.id", row.when);
        case QueueName::send: return make_sql(sends_sql, "sends s", "s.id", row.when);
        case QueueName::job: return make_sql(jobs_sql, "jobs j", "j.id", row.when);
        case QueueName::inbox: break;
    }
    throw Error(Errc::bug, "the inbox holds no work items");
}

const RowSql& sql_of(std::size_t row) {
    static const std::vector<RowSql> all = [] {
        std::vector<RowSql> made;
        for (const StateRow& state : table) made.push_back(make_sql(state));
        return made;
    }();
    return all[row];
}

bool is_asked(const StateRow& row, const Filter& filter) {
    if (filter.queue && *filter.queue != row.queue) return false;
    return filter.state ? *filter.state == row.state : !is_finished(row.state);
}

std::vector<WorkItem> read(Snapshot& db, std::size_t row, std::int64_t from, std::int64_t to, std::optional<DeviceId> device, int limit) {
    const bool walks_ids = from == to || is_finished(table[row].state);
    auto items = db.query(walks_ids ? sql_of(row).find : sql_of(row).list, from, to, device, limit).all<WorkItem>();
    for (WorkItem& item : items) item.state = table[row].state;
    return items;
}

// A cursor is a row of the table and an id within it.
constexpr Cursor ids_per_row = 100'000'000'000'000'000;

struct Found {
    std::size_t row;
    WorkItem item;
};

Found find(Snapshot& db, const WorkId& id) {
    for (std::size_t row = 0; row < std::size(table); ++row) {
        if (table[row].queue != id.queue) continue;
        auto items = read(db, row, id.number, id.number, std::nullopt, 1);
        if (!items.empty()) return {row, std::move(items.front())};
    }
    throw Error(Errc::not_found, "no " + std::string(to_word(id.queue)) + " " + std::to_string(id.number), "wabot job list shows the ids");
}

}  // namespace

std::span<const StateRow> all_states() {
    return table;
}

std::vector<ListedItem> list(Snapshot& db, const Filter& filter, int limit, Cursor after) {
    constexpr int sifted_at_a_time = 500;
    const auto wanted = static_cast<std::size_t>(limit);
    const auto matches = [&](const WorkItem& item) { return !filter.error || (item.error && filter.error->matches(*item.error)); };
    std::vector<ListedItem> out;
    const auto first = static_cast<std::size_t>(after / ids_per_row);
    for (std::size_t row = first; row < std::size(table) && out.size() < wanted; ++row) {
        if (!is_asked(table[row], filter)) continue;
        std::int64_t to = after != 0 && row == first ? after % ids_per_row - 1 : std::numeric_limits<std::int64_t>::max();
        for (bool is_over = false; !is_over && out.size() < wanted;) {
            const int part_max = filter.error ? sifted_at_a_time : static_cast<int>(wanted - out.size());
            auto part = read(db, row, 1, to, filter.device, part_max);
            is_over = static_cast<int>(part.size()) < part_max;
            if (!part.empty()) to = part.back().number - 1;
            for (WorkItem& item : part)
                if (matches(item) && out.size() < wanted) out.push_back({std::move(item), static_cast<Cursor>(row) * ids_per_row + item.number});
        }
    }
    return out;
}

WorkItem get(Snapshot& db, const WorkId& id) {
    return find(db, id).item;
}

const StateRow& state_of(Snapshot& db, const WorkId& id) {
    return table[find(db, id).row];
}

std::int64_t count(Snapshot& db, QueueName queue, WorkState state) {
    std::int64_t all = 0;
    for (std::size_t row = 0; row < std::size(table); ++row)
        if (table[row].queue == queue && table[row].state == state) all += db.query(sql_of(row).count).one<std::int64_t>();
    return all;
}

}  // namespace wabot::work
