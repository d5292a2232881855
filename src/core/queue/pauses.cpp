#include "core/queue/pauses.hpp"

#include "core/changes/changes.hpp"

namespace wabot::pauses {

bool pause(Transaction& tx, const Cause& cause, QueueName queue) {
    static constexpr std::string_view sql =
        "INSERT INTO paused_queues (name, paused_at, paused_by) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    if (tx.execute(sql, queue, tx.now(), cause.actor.label) == 0) return false;
    changes::record(tx, cause, "queue.paused", to_word(queue), 0);
    return true;
}

bool resume(Transaction& tx, const Cause& cause, QueueName queue) {
    if (tx.execute("DELETE FROM paused_queues WHERE name = $1", queue) == 0) return false;
    changes::record(tx, cause, "queue.resumed", to_word(queue), 0);
    return true;
}

std::vector<Pause> list(Snapshot& db) {
    return db.query("SELECT name, paused_at, paused_by FROM paused_queues ORDER BY paused_at, name").all<Pause>();
}

}  // namespace wabot::pauses
