#include "core/queue/attempts.hpp"

namespace wabot::attempts {

void note_failed_turn(Transaction& tx, TurnId turn, std::string_view error) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO failed_attempts (queue, work_id, attempt, worker, began_at, failed_at, error)
        SELECT 'turn', t.id, t.attempt, c.turn_worker, t.updated_at, $2, $3 FROM turns t JOIN conversations c ON c.id = t.conversation_id
        WHERE t.id = $1)sql";
    tx.execute(sql, turn, tx.now(), error);
}

void note_failed_send(Transaction& tx, SendId send, std::string_view error, const std::optional<std::string>& code) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO failed_attempts (queue, work_id, attempt, worker, began_at, failed_at, error, error_code)
        SELECT 'send', id, attempt, worker, updated_at, $2, $3, $4 FROM sends WHERE id = $1)sql";
    tx.execute(sql, send, tx.now(), error, code);
}

void note_failed_job(Transaction& tx, JobId job, std::string_view error) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO failed_attempts (queue, work_id, attempt, worker, began_at, failed_at, error)
        SELECT 'job', id, attempt, worker, updated_at, $2, $3 FROM jobs WHERE id = $1)sql";
    tx.execute(sql, job, tx.now(), error);
}

void note_lost_turns(Transaction& tx, const std::vector<ConversationId>& released) {
    static constexpr std::string_view sql = "SELECT id FROM turns WHERE conversation_id = $1 AND outcome IS NULL";
    for (const ConversationId conversation : released)
        if (const auto turn = tx.query(sql, conversation).first<TurnId>()) note_failed_turn(tx, *turn, "its worker stopped");
}

std::int64_t times_refused(Snapshot& db, SendId send, std::string_view code) {
    static constexpr std::string_view sql = "SELECT count(*) FROM failed_attempts WHERE queue = 'send' AND work_id = $1 AND error_code = $2";
    return db.query(sql, send, code).one<std::int64_t>();
}

std::vector<FailedAttempt> list(Snapshot& db, QueueName queue, std::int64_t id) {
    static constexpr std::string_view sql = R"sql(
        SELECT attempt, worker, began_at, failed_at, error, error_code FROM (
            SELECT id, attempt, worker, began_at, failed_at, error, error_code FROM failed_attempts WHERE queue = $1 AND work_id = $2
            ORDER BY id DESC LIMIT 100) latest
        ORDER BY id)sql";
    return db.query(sql, queue, id).all<FailedAttempt>();
}

}  // namespace wabot::attempts
