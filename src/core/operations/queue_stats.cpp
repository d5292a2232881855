#include "core/operations/queue_stats.hpp"

#include <algorithm>

#include "core/operations/work_items.hpp"

namespace wabot {

/// What each queue is asked in its own words.
struct QueueDepth {
    std::int64_t depth;
    std::int64_t due;
    std::optional<Time> oldest;
};
WABOT_DESCRIBE(QueueDepth, FIELD(depth), FIELD(due), FIELD(oldest))

}  // namespace wabot

namespace wabot::queues {

namespace {

constexpr std::string_view inbox_sql = R"sql(
    SELECT (SELECT count(*) FROM inbox WHERE state = 'received') AS depth, (SELECT count(*) FROM inbox WHERE state = 'received') AS due,
           (SELECT received_at FROM inbox WHERE state = 'received' AND received_at <= $1 ORDER BY id LIMIT 1) AS oldest)sql";
constexpr std::string_view turn_sql = R"sql(
    SELECT CAST(COALESCE((SELECT sum(turn_pending) FROM conversations WHERE turn_state = 'ready'), 0)
                + COALESCE((SELECT sum(turn_pending) - count(*) FROM conversations WHERE turn_state = 'running'), 0) AS BIGINT) AS depth,
           (SELECT count(*) FROM conversations WHERE turn_state = 'ready' AND turn_due_at <= $1) AS due,
           (SELECT turn_due_at FROM conversations WHERE turn_state = 'ready' AND turn_due_at <= $1 ORDER BY turn_due_at LIMIT 1) AS oldest)sql";
constexpr std::string_view send_sql = R"sql(
    SELECT (SELECT count(*) FROM sends WHERE state = 'queued') AS depth,
           (SELECT count(*) FROM conversations WHERE send_state = 'ready' AND send_due_at <= $1) AS due,
           (SELECT send_due_at FROM conversations WHERE send_state = 'ready' AND send_due_at <= $1 ORDER BY send_due_at LIMIT 1) AS oldest)sql";
constexpr std::string_view job_sql = R"sql(
    SELECT (SELECT count(*) FROM jobs WHERE state = 'ready') AS depth,
           (SELECT count(*) FROM jobs WHERE state = 'ready' AND due_at <= $1) AS due,
           (SELECT due_at FROM jobs WHERE state = 'ready' AND due_at <= $1 ORDER BY due_at LIMIT 1) AS oldest)sql";

constexpr std::pair<QueueName, std::string_view> depths[] = {
    {QueueName::inbox, inbox_sql}, {QueueName::turn, turn_sql}, {QueueName::send, send_sql}, {QueueName::job, job_sql}};

}  // namespace

std::vector<QueueRow> list(Snapshot& db) {
    const auto paused = pauses::list(db);
    std::vector<QueueRow> out;
    for (const auto& [name, sql] : depths) {
        const auto depth = db.query(sql, db.now()).one<QueueDepth>();
        const auto count = [&db, queue = name](WorkState state) { return work::count(db, queue, state); };
        QueueRow row{};
        row.name = name;
        row.depth = depth.depth;
        row.due = depth.due;
        row.oldest = depth.oldest;
        row.running = count(WorkState::running);
        row.retrying = count(WorkState::retrying);
        row.dead = name == QueueName::inbox ? db.query("SELECT count(*) FROM inbox WHERE state = 'quarantined'").one<std::int64_t>()
                                            : count(WorkState::dead);
        row.uncertain = count(WorkState::uncertain);
        row.held =
            name == QueueName::inbox ? db.query("SELECT count(*) FROM inbox WHERE state = 'unrouted'").one<std::int64_t>() : count(WorkState::held);
        const auto pause = std::find_if(paused.begin(), paused.end(), [queue = name](const Pause& p) { return p.name == queue; });
        if (pause != paused.end()) {
            row.paused_since = pause->paused_at;
            row.paused_by = pause->paused_by;
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace wabot::queues
