#include "core/operations/work_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/database/listing.hpp"

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

struct Place {
    std::int64_t place;
};

}  // namespace
}  // namespace wabot::work

namespace wabot {
using WorkPlace = work::Place;
WABOT_DESCRIBE(WorkPlace, FIELD(place))
}  // namespace wabot

namespace wabot::work {

namespace {

// What is not finished is little: each condition has the one that a partial index asks for.
// clang-format off
constexpr StateRow table[] = {
    {QueueName::turn, WorkState::running,   "t.outcome IS NULL AND c.turn_state = 'running'", "the answer is being computed"},
    {QueueName::turn, WorkState::available, "t.outcome IS NULL AND c.turn_state <> 'running' AND t.attempt = 0", "waits for a worker; a stop interrupted it", {.cancel = true}},
    {QueueName::turn, WorkState::available, "t.outcome = 'dead' AND t.reopened_at IS NOT NULL", "waits for a worker; retried by an operator", {.cancel = true}},
    {QueueName::turn, WorkState::retrying,  "t.outcome IS NULL AND c.turn_state <> 'running' AND t.attempt > 0", "failed; will be tried again", {.retry = true, .cancel = true}},
    {QueueName::turn, WorkState::dead,      "t.outcome = 'dead' AND t.reopened_at IS NULL", "failed every time; its message has no answer", {.retry = true, .cancel = true}},
    {QueueName::turn, WorkState::cancelled, "t.outcome = 'no_reply' AND t.reason_kind = 'cancelled'", "cancelled by an operator"},
    {QueueName::turn, WorkState::done,      "(t.outcome = 'replied' OR t.outcome = 'suppressed' OR t.outcome = 'no_reply' AND COALESCE(t.reason_kind, '') <> 'cancelled')", "finished"},

    {QueueName::send, WorkState::running,   "s.state = 'handing_over'", "is being handed over"},
    {QueueName::send, WorkState::running,   "s.state = 'claimed'", "a worker holds it"},
    {QueueName::send, WorkState::available, "s.state = 'queued' AND s.attempt = s.first_attempt AND s.last_error IS NULL", "waits for earlier messages, or for its device", {.cancel = true}},
    {QueueName::send, WorkState::retrying,  "s.state = 'queued' AND (s.attempt > s.first_attempt OR s.last_error IS NOT NULL)", "not sent; will be tried again", {.retry = true, .cancel = true}},
    {QueueName::send, WorkState::uncertain, "s.state = 'uncertain'", "may have arrived; a status settles it, else its window ends", {.cancel = true, .resolve = true}},
    {QueueName::send, WorkState::held,      "s.state = 'held'", "may have arrived; waits for an operator", {.retry = true, .cancel = true, .resolve = true}},
    {QueueName::send, WorkState::dead,      "s.state = 'failed' AND s.settled_by IS NULL", "refused permanently, or failed every time", {.retry = true, .cancel = true}},
    {QueueName::send, WorkState::cancelled, "s.state = 'cancelled'", "will not be sent", {.retry = true}},
    {QueueName::send, WorkState::done,      "(s.state = 'sent' OR s.state = 'failed' AND s.settled_by IS NOT NULL)", "accepted by the provider, or replaced by a later attempt"},

    {QueueName::job,  WorkState::running,   "j.state = 'running'", "a worker runs it"},
    {QueueName::job,  WorkState::available, "j.state = 'ready' AND j.attempt = 0", "waits for a worker, or for its time", {.cancel = true}},
    {QueueName::job,  WorkState::retrying,  "j.state = 'ready' AND j.attempt > 0", "failed; will be tried again", {.retry = true, .cancel = true}},
    {QueueName::job,  WorkState::held,      "j.state = 'held'", "of a kind that this version does not know", {.retry = true, .cancel = true}},
    {QueueName::job,  WorkState::dead,      "j.state = 'dead'", "failed every time", {.retry = true, .cancel = true}},
    {QueueName::job,  WorkState::cancelled, "j.state = 'cancelled'", "cancelled by an operator", {.retry = true}},
    {QueueName::job,  WorkState::done,      "j.state = 'done'", "finished"},
};
// clang-format on

constexpr std::string_view turns_sql = R"sql(
    SELECT 'turn/' || t.id AS id, t.id AS number, 'turn' AS kind, t.attempt,
           CASE WHEN c.turn_state = 'ready' AND (t.outcome IS NULL OR t.reopened_at IS NOT NULL) THEN c.turn_due_at END AS due_at,
           t.last_error AS error, CAST(NULL AS TEXT) AS error_code, d.key AS device, t.conversation_id, t.first_message_id AS message_id,
           CASE WHEN t.outcome IS NULL THEN c.turn_worker END AS worker, t.reason, t.created_at, t.updated_at, c.device_id
    FROM turns t JOIN conversations c ON c.id = t.conversation_id JOIN devices d ON d.id = c.device_id
    WHERE )sql";
constexpr std::string_view sends_sql = R"sql(
    SELECT 'send/' || s.id AS id, s.id AS number, 'send' AS kind, s.attempt,
           CASE WHEN c.send_state = 'ready' AND s.state IN ('queued', 'uncertain') THEN c.send_due_at END AS due_at,
           s.last_error AS error, s.error_code, d.key AS device, s.conversation_id, s.message_id,
           CASE WHEN s.state IN ('claimed', 'handing_over') THEN s.worker END AS worker, s.settled_by AS reason, s.created_at, s.updated_at,
           s.device_id
    FROM sends s JOIN conversations c ON c.id = s.conversation_id JOIN devices d ON d.id = s.device_id
    WHERE )sql";
// Jobs are of no device: where one is asked for there are none.
constexpr std::string_view jobs_sql = R"sql(
    SELECT 'job/' || j.id AS id, j.id AS number, j.kind, j.attempt, CASE WHEN j.state = 'ready' THEN j.due_at END AS due_at, j.last_error AS error,
           CAST(NULL AS TEXT) AS error_code,
           CAST(NULL AS TEXT) AS device, CAST(NULL AS BIGINT) AS conversation_id, CAST(NULL AS BIGINT) AS message_id, j.worker,
           CAST(NULL AS TEXT) AS reason, j.created_at, j.updated_at, CAST(NULL AS BIGINT) AS device_id
    FROM jobs j WHERE )sql";

/// A queue's part of the statements.
struct QueueSql {
    std::string_view select;  // up to its conditions
    std::string_view from, id, device;
};
QueueSql sql_of(QueueName queue) {
    switch (queue) {
        case QueueName::turn: return {turns_sql, "turns t JOIN conversations c ON c.id = t.conversation_id", "t.id", "c.device_id"};
        case QueueName::send: return {sends_sql, "sends s", "s.id", "s.device_id"};
        case QueueName::job: return {jobs_sql, "jobs j", "j.id", "NULL"};
        case QueueName::inbox: break;
    }
    throw Error(Errc::bug, "the inbox has no work items");
}

bool is_finished(WorkState state) {
    return state == WorkState::done || state == WorkState::cancelled;
}

/// The statements of a row of the table, made once.
struct RowSql {
    std::string find;  // walks the ids: for one of them, or for the newest of many
    std::string list;  // walks the index of the unfinished, and sorts what it finds
    std::string count;
};

RowSql make_sql(const StateRow& row) {
    const QueueSql queue = sql_of(row.queue);
    const auto statement = [&](const std::string& id) {
        return fmt::format("{0}{1} >= $1 AND {1} <= $2 AND (CAST($3 AS BIGINT) IS NULL OR {2} = $3) AND {3} ORDER BY {1} DESC LIMIT $4", queue.select,
                           id, queue.device, row.when);
    };
    return {statement(std::string(queue.id)), statement("+" + std::string(queue.id)),
            fmt::format("SELECT count(*) FROM {} WHERE {}", queue.from, row.when)};
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

// The place of an item in the list: the row of the table, and within it the newest first.
constexpr std::int64_t places_per_row = 100'000'000'000'000'000;

std::int64_t place_of(std::size_t row, std::int64_t number) {
    return static_cast<std::int64_t>(row + 1) * places_per_row - 1 - number;
}
std::size_t row_at(std::int64_t place) {
    return static_cast<std::size_t>(place / places_per_row);
}
std::int64_t number_at(std::int64_t place) {
    return places_per_row - 1 - place % places_per_row;
}

/// Everything in the states that are asked for, with its place.
std::string whole_sql(const Filter& filter) {
    std::string sql;
    for (std::size_t row = 0; row < std::size(table); ++row) {
        if (!is_asked(table[row], filter)) continue;
        const QueueSql queue = sql_of(table[row].queue);
        const std::string_view columns = queue.select.substr(queue.select.find("SELECT") + 6);
        sql += fmt::format("{}SELECT CAST('{}' AS TEXT) AS state, {} - {} AS place,{}{}", sql.empty() ? "" : " UNION ALL ", to_word(table[row].state),
                           place_of(row, 0), queue.id, columns, table[row].when);
    }
    return sql;
}

bool matches(const WorkItem& item, const Filter& filter) {
    return !filter.error || (item.error && filter.error->matches(*item.error));
}

constexpr int sifted_at_a_time = 500;

std::vector<ListedItem> list_by_state(Snapshot& db, const Filter& filter, std::size_t wanted, std::int64_t after) {
    std::vector<ListedItem> out;
    const std::size_t first = row_at(after);
    for (std::size_t row = first; row < std::size(table) && out.size() < wanted; ++row) {
        if (!is_asked(table[row], filter)) continue;
        std::int64_t to = after != 0 && row == first ? number_at(after) - 1 : std::numeric_limits<std::int64_t>::max();
        for (bool is_over = false; !is_over && out.size() < wanted;) {
            const int part_max = filter.error ? sifted_at_a_time : static_cast<int>(wanted - out.size());
            auto part = read(db, row, 1, to, filter.device, part_max);
            is_over = static_cast<int>(part.size()) < part_max;
            if (!part.empty()) to = part.back().number - 1;
            for (WorkItem& item : part) {
                const std::int64_t place = place_of(row, item.number);
                if (matches(item, filter) && out.size() < wanted) out.push_back({std::move(item), place});
            }
        }
    }
    return out;
}

std::vector<ListedItem> list_selected(Snapshot& db, const Filter& filter, Page page) {
    const std::string select = whole_sql(filter);
    const auto wanted = static_cast<std::size_t>(page.size());
    Condition own;
    if (filter.device) own.also("device_id = ?", *filter.device);
    if (filter.error) page.limit = std::max(page.limit, sifted_at_a_time);
    std::vector<ListedItem> out;
    for (bool is_over = select.empty(); !is_over && out.size() < wanted;) {
        const ListingStatement statement = listing_statement(db, {.select = select, .id = "place"}, own, page);
        Rows rows = db.query_with(statement.sql, statement.values);
        const auto places = Rows(rows).all<WorkPlace>();
        auto items = std::move(rows).all<WorkItem>();
        is_over = items.size() < static_cast<std::size_t>(page.size());
        for (std::size_t i = 0; i < items.size(); ++i) {
            page.after = places[i].place;
            if (page.query.sort != nullptr) page.after_value = page.query.sort->get(&items[i]);
            if (matches(items[i], filter) && out.size() < wanted) out.push_back({std::move(items[i]), page.after});
        }
    }
    return out;
}

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

std::vector<ListedItem> list(Snapshot& db, const Filter& filter, const Page& page) {
    if (page.query.is_plain()) return list_by_state(db, filter, static_cast<std::size_t>(page.size()), page.after);
    return list_selected(db, filter, page);
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
