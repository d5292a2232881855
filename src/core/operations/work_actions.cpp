#include "core/operations/work_actions.hpp"

#include "core/base/error.hpp"
#include "core/changes/changes.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"

namespace wabot {

/// The place of a turn.
struct TurnPlace {
    ConversationId conversation_id;
    DeviceId device_id;
    MessageId message_id;
    bool is_open;
    bool is_reopened;
};
WABOT_DESCRIBE(TurnPlace, FIELD(conversation_id), FIELD(device_id), FIELD(message_id), FIELD(is_open), FIELD(is_reopened))

}  // namespace wabot

namespace wabot::work_actions {

namespace {

/// "turn/7 is done (came to its end) and cannot be retried": and what can be done with it.
[[noreturn]] void refuse(const WorkId& id, const work::StateRow& state, std::string_view done) {
    std::string verbs;
    const auto add = [&verbs](bool can, std::string_view verb) {
        if (can) verbs += (verbs.empty() ? "" : ", ") + std::string(verb);
    };
    add(state.can.retry, "job retry");
    add(state.can.resolve, "job resolve");
    add(state.can.cancel, "job cancel");
    throw Error(Errc::conflict,
                to_text(id) + " is " + std::string(to_word(state.state)) + " (" + std::string(state.meaning) + ") and cannot be " + std::string(done),
                verbs.empty() ? "no action is possible" : "possible actions: " + verbs);
}

[[noreturn]] void throw_moved(const WorkId& id) {
    throw Error(Errc::conflict, to_text(id) + " was just claimed by a worker", "wabot job get " + to_text(id));
}

void must_be_one(std::int64_t rows, const WorkId& id) {
    if (rows != 1) throw_moved(id);
}

// --- turns

TurnPlace place_of(Transaction& tx, TurnId id) {
    static constexpr std::string_view sql = R"sql(
        SELECT t.conversation_id, c.device_id, t.first_message_id AS message_id, t.outcome IS NULL AS is_open, t.reopened_at IS NOT NULL AS is_reopened
        FROM turns t JOIN conversations c ON c.id = t.conversation_id WHERE t.id = $1)sql";
    return tx.query(sql, id).one<TurnPlace>();
}

void retry_turn(Transaction& tx, const Cause& cause, TurnId id, Time due_at) {
    const TurnPlace turn = place_of(tx, id);
    tx.execute("UPDATE turns SET reopened_at = $2, attempt = 0, updated_at = $2 WHERE id = $1", id, tx.now());
    lanes::add_again(tx, Lane::turn, turn.conversation_id, due_at);
    changes::record(tx, cause, "turn.retried", "turn", id.value, turn.device_id.value);
}

void cancel_turn(Transaction& tx, const Cause& cause, TurnId id) {
    const TurnPlace turn = place_of(tx, id);
    static constexpr std::string_view sql =
        "UPDATE turns SET outcome = 'no_reply', reason_kind = 'cancelled', reason = 'cancelled', reopened_at = NULL, updated_at = $2 WHERE id = $1";
    tx.execute(sql, id, tx.now());
    if (turn.is_open) {
        must_be_one(lanes::drop_ready(tx, Lane::turn, turn.conversation_id, tx.now()), {QueueName::turn, id.value});
        static constexpr std::string_view pass_sql = "UPDATE conversations SET turn_cursor = $2 WHERE id = $1 AND turn_cursor < $2";
        tx.execute(pass_sql, turn.conversation_id, turn.message_id);
    } else if (turn.is_reopened) {
        lanes::drop(tx, Lane::turn, turn.conversation_id);
    }
    changes::record(tx, cause, "turn.cancelled", "turn", id.value, turn.device_id.value);
}

// --- sends

/// How a person's word ends an attempt, unless it has moved meanwhile.
void close(Transaction& tx, const Send& send, SendState to, std::string_view by) {
    static constexpr std::string_view sql = "UPDATE sends SET state = $3, settled_by = $4, updated_at = $5 WHERE id = $1 AND state = $2";
    must_be_one(tx.execute(sql, send.id, send.state, to, by, tx.now()), {QueueName::send, send.id.value});
}

/// Error{conflict} when another attempt of the part was accepted, or a later one decides.
void must_be_last(Transaction& tx, const Send& send) {
    static constexpr std::string_view sql = R"sql(
        SELECT id FROM sends WHERE message_id = $1 AND part = $2 AND (state = 'sent' OR attempt > $3)
        ORDER BY CASE WHEN state = 'sent' THEN 0 ELSE 1 END, attempt DESC LIMIT 1)sql";
    const auto other = tx.query(sql, send.message_id, send.part, send.attempt).first<SendId>();
    if (!other) return;
    const std::string name = to_text({QueueName::send, other->value});
    throw Error(Errc::conflict,
                to_text({QueueName::send, send.id.value}) + " is not the last attempt: " + name + " is a later attempt of the same part",
                "wabot job get " + name);
}

/// One more attempt, counted anew, and the message on its way again.
void queue_anew(Transaction& tx, const Send& send) {
    sends::queue_again(tx, send, send.attempt + 1, send.attempt + 1);
    static constexpr std::string_view sql =
        "UPDATE messages SET status = 'queued', error = NULL, updated_at = $2 WHERE id = $1 AND status = 'failed'";
    tx.execute(sql, send.message_id, tx.now());
    messages::follow_sends(tx, send.message_id);
}

void retry_send(Transaction& tx, const Cause& cause, SendId id, Time due_at) {
    const Send send = sends::get(tx, id);
    must_be_last(tx, send);
    if (send.state != SendState::cancelled) close(tx, send, SendState::failed, "retry");
    queue_anew(tx, send);
    lanes::add_again(tx, Lane::send, send.conversation_id, due_at);
    changes::record(tx, cause, "send.retried", "send", id.value, send.device_id.value);
}

void cancel_send(Transaction& tx, const Cause& cause, SendId id) {
    const Send send = sends::get(tx, id);
    const bool was_head = sends::head_of(tx, send.conversation_id) == id;
    close(tx, send, SendState::cancelled, "cancel");
    messages::follow_sends(tx, send.message_id);
    static constexpr std::string_view due_sql = "SELECT send_due_at FROM conversations WHERE id = $1";
    // What stands behind it need not wait for what it was waiting for; what stands before it goes on waiting.
    const Time due_at = was_head ? tx.now() : tx.query(due_sql, send.conversation_id).one<Time>();
    lanes::recount_sends(tx, send.conversation_id, due_at);
    changes::record(tx, cause, "send.cancelled", "send", id.value, send.device_id.value);
}

void resolve_send(Transaction& tx, const Cause& cause, SendId id, Verdict truth) {
    const Send send = sends::get(tx, id);
    if (truth == Verdict::sent) {
        close(tx, send, SendState::sent, "resolve");
        sends::note_duplicate(tx, cause, send);
        messages::follow_sends(tx, send.message_id);
    } else {
        must_be_last(tx, send);
        close(tx, send, SendState::failed, "resolve");
        queue_anew(tx, send);
    }
    // An uncertain one was counted by the lane, a held one was not.
    if (send.state == SendState::uncertain)
        lanes::recount_sends(tx, send.conversation_id, tx.now());
    else if (truth == Verdict::not_sent)
        lanes::add_again(tx, Lane::send, send.conversation_id, tx.now());
    changes::record(tx, cause, truth == Verdict::sent ? "send.resolved_sent" : "send.resolved_not_sent", "send", id.value, send.device_id.value);
}

// --- jobs

void retry_job(Transaction& tx, const Cause& cause, JobId id, Time due_at) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'ready', attempt = 0, due_at = $2, finished_at = NULL, updated_at = $3
        WHERE id = $1 AND state IN ('dead', 'held', 'cancelled'))sql";
    must_be_one(tx.execute(sql, id, due_at, tx.now()), {QueueName::job, id.value});
    changes::record(tx, cause, "job.retried", "job", id.value);
}

void cancel_job(Transaction& tx, const Cause& cause, JobId id) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'cancelled', finished_at = $2, updated_at = $2 WHERE id = $1 AND state IN ('ready', 'dead', 'held'))sql";
    must_be_one(tx.execute(sql, id, tx.now()), {QueueName::job, id.value});
    changes::record(tx, cause, "job.cancelled", "job", id.value);
}

/// What waits for its next attempt is due at `due_at`; false when it is due by then anyway, or waits for what stands before it.
bool hasten(Transaction& tx, const Cause& cause, const WorkId& id, Time due_at) {
    bool is_hastened = false;
    std::optional<DeviceId> device;
    if (id.queue == QueueName::turn) {
        const TurnPlace turn = place_of(tx, {id.number});
        device = turn.device_id;
        is_hastened = lanes::hasten(tx, Lane::turn, turn.conversation_id, due_at);
    } else if (id.queue == QueueName::send) {
        const Send send = sends::get(tx, {id.number});
        device = send.device_id;
        is_hastened = sends::head_of(tx, send.conversation_id) == send.id && lanes::hasten(tx, Lane::send, send.conversation_id, due_at);
    } else {
        static constexpr std::string_view sql = "UPDATE jobs SET due_at = $2, updated_at = $3 WHERE id = $1 AND state = 'ready' AND due_at > $2";
        is_hastened = tx.execute(sql, id.number, due_at, tx.now()) == 1;
    }
    const std::string noun(to_word(id.queue));
    if (is_hastened) changes::record(tx, cause, noun + ".retried", noun, id.number, device ? device->value : 0);
    return is_hastened;
}

/// Nothing of it changes any more until the unit ends, except by us.
void hold(Transaction& tx, const WorkId& id) {
    static constexpr std::string_view turn_sql =
        "SELECT id FROM conversations WHERE id = (SELECT conversation_id FROM turns WHERE id = $1) {for_update}";
    static constexpr std::string_view send_sql =
        "SELECT id FROM conversations WHERE id = (SELECT conversation_id FROM sends WHERE id = $1) {for_update}";
    static constexpr std::string_view job_sql = "SELECT id FROM jobs WHERE id = $1 {for_update}";
    switch (id.queue) {
        case QueueName::turn: tx.query(turn_sql, id.number); break;
        case QueueName::send: tx.query(send_sql, id.number); break;
        case QueueName::job: tx.query(job_sql, id.number); break;
        case QueueName::inbox: break;
    }
}

/// Its next attempt waits already.
bool is_queued_anew(Transaction& tx, const WorkId& id) {
    static constexpr std::string_view sql = R"sql(
        SELECT later.id FROM sends s
        JOIN sends later ON later.message_id = s.message_id AND later.part = s.part AND later.attempt > s.attempt AND later.state = 'queued'
        WHERE s.id = $1)sql";
    return id.queue == QueueName::send && !tx.query(sql, id.number).empty();
}

bool is_settled_as(Transaction& tx, const WorkId& id, Verdict truth) {
    if (truth == Verdict::not_sent) return is_queued_anew(tx, id);
    return id.queue == QueueName::send &&
           !tx.query("SELECT id FROM sends WHERE id = $1 AND state = 'sent' AND settled_by = 'resolve'", id.number).empty();
}

}  // namespace

bool retry(Transaction& tx, const Cause& cause, const WorkId& id, Time due_at) {
    hold(tx, id);
    const work::StateRow& state = work::state_of(tx, id);
    if (state.state == WorkState::available || is_queued_anew(tx, id)) return false;
    if (!state.can.retry) refuse(id, state, "retried");
    if (state.state == WorkState::retrying) return hasten(tx, cause, id, due_at);
    switch (id.queue) {
        case QueueName::turn: retry_turn(tx, cause, {id.number}, due_at); break;
        case QueueName::send: retry_send(tx, cause, {id.number}, due_at); break;
        case QueueName::job: retry_job(tx, cause, {id.number}, due_at); break;
        case QueueName::inbox: break;
    }
    return true;
}

bool cancel(Transaction& tx, const Cause& cause, const WorkId& id) {
    hold(tx, id);
    const work::StateRow& state = work::state_of(tx, id);
    if (state.state == WorkState::cancelled) return false;
    if (!state.can.cancel) refuse(id, state, "cancelled");
    switch (id.queue) {
        case QueueName::turn: cancel_turn(tx, cause, {id.number}); break;
        case QueueName::send: cancel_send(tx, cause, {id.number}); break;
        case QueueName::job: cancel_job(tx, cause, {id.number}); break;
        case QueueName::inbox: break;
    }
    return true;
}

bool resolve(Transaction& tx, const Cause& cause, const WorkId& id, Verdict truth) {
    hold(tx, id);
    const work::StateRow& state = work::state_of(tx, id);
    if (is_settled_as(tx, id, truth)) return false;
    if (!state.can.resolve) refuse(id, state, "resolved");
    resolve_send(tx, cause, {id.number}, truth);
    return true;
}

}  // namespace wabot::work_actions
