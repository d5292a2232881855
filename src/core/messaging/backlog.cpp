#include "core/messaging/backlog.hpp"

namespace wabot {

Backlog backlog_of(Snapshot& db) {
    // A failed attempt whose message went out by a later one is no failure any more: messages say what became of the whole.
    static constexpr std::string_view sql = R"sql(
        SELECT (SELECT count(*) FROM inbox WHERE state = 'received') AS received,
               (SELECT count(*) FROM inbox WHERE state = 'quarantined') AS quarantined,
               (SELECT count(*) FROM inbox WHERE state = 'unrouted') AS unrouted,
               (SELECT count(*) FROM conversations WHERE turn_state = 'ready')
                   + (SELECT count(*) FROM conversations WHERE turn_state = 'running') AS turns,
               (SELECT count(*) FROM turns WHERE outcome = 'dead') AS dead_turns,
               (SELECT count(*) FROM sends WHERE state = 'queued') + (SELECT count(*) FROM sends WHERE state = 'claimed')
                   + (SELECT count(*) FROM sends WHERE state = 'handing_over') AS sends,
               (SELECT count(*) FROM sends WHERE state = 'uncertain') AS uncertain,
               (SELECT count(*) FROM sends WHERE state = 'held') AS held,
               (SELECT count(*) FROM messages WHERE status = 'failed') AS failed,
               (SELECT min(received_at) FROM inbox WHERE state = 'received') AS oldest)sql";
    return db.query(sql).one<Backlog>();
}

}  // namespace wabot
