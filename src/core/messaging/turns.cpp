#include "core/messaging/turns.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.hpp"
#include "core/channels/open_channel.hpp"
#include "core/channels/split_text.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/changes.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sends.hpp"

namespace wabot::turns {

namespace {

using namespace std::chrono_literals;

constexpr auto loop_window = 60s;

constexpr std::string_view message_sql = R"sql(
    SELECT c.id AS conversation_id, c.device_id, c.contact_id, c.control, c.control_until, k.is_blocked, k.is_group, m.id AS message_id,
           m.author_contact_id, m.message_type, m.content, COALESCE(t.id, 0) AS turn_id, COALESCE(t.attempt, 0) AS attempt
    FROM conversations c JOIN contacts k ON k.id = c.contact_id
         JOIN messages m ON m.conversation_id = c.id AND m.takes_turn = 1 AND m.id > c.turn_cursor
         LEFT JOIN turns t ON t.conversation_id = c.id AND t.outcome IS NULL
    WHERE c.id = $1 ORDER BY m.id LIMIT 1)sql";

/// Opens the turn, or goes on with the one that was begun; counts the attempt.
void open_turn(Transaction& tx, TurnMessage& message) {
    if (message.turn_id) {
        message.attempt += 1;
        tx.execute("UPDATE turns SET attempt = $2, updated_at = $3 WHERE id = $1", message.turn_id, message.attempt, tx.now());
        return;
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO turns (conversation_id, first_message_id, last_message_id, attempt, created_at, updated_at) VALUES ($1, $2, $2, 1, $3, $3))sql";
    message.turn_id = tx.insert<TurnId>(sql, message.conversation_id, message.message_id, tx.now()).value();
    message.attempt = 1;
}

std::shared_ptr<const Staff> staff_of(Transaction& tx, Answering& answering, DeviceId id) {
    auto staff = std::make_shared<Staff>();
    const auto device = devices::find(tx, id);
    staff->is_active = device && device->is_active;
    if (!staff->is_active) return staff;
    try {
        const DeviceOptions options = devices::options_of(*device);
        staff->loop_limit = options.loop_limit;
        staff->on_uncertain = options.on_uncertain;
        staff->ignore_book = answering.ignore_books.of_device(tx, id);
        staff->agents = answering.agents.of_device(tx, id);
    } catch (const Error& error) {
        // A broken configuration fails the turns of its device, not those of the others.
        if (error.code() == Errc::unavailable) throw;
        staff->failure = error.what();
    }
    return staff;
}

bool is_looping(Transaction& tx, const ClaimedTurn& turn) {
    if (turn.staff->loop_limit <= 0) return false;
    static constexpr std::string_view sql = R"sql(
        SELECT count(*) FROM (
            SELECT created_at FROM messages WHERE conversation_id = $1 AND direction = 'outgoing' AND sender_kind = 'agent' ORDER BY id DESC LIMIT $2) latest
        WHERE created_at > $3)sql";
    const auto recent = tx.query(sql, turn.message.conversation_id, turn.staff->loop_limit, tx.now() - loop_window).one<std::int64_t>();
    return recent >= turn.staff->loop_limit;
}

/// The lane goes on behind this message.
bool end_turn(Transaction& tx, const ClaimedTurn& turn) {
    return lanes::finish_turn(tx, turn.lane, turn.message.message_id);
}

void write_outcome(Transaction& tx, const ClaimedTurn& turn, TurnOutcome outcome, std::string_view reason, const Decision& decision,
                   std::optional<MessageId> reply) {
    static constexpr std::string_view sql = R"sql(
        UPDATE turns SET outcome = $2, reason = $3, agent_id = $4, agent_revision = $5, reply_message_id = $6, updated_at = $7
        WHERE id = $1)sql";
    tx.execute(sql, turn.id, outcome, reason, decision.agent, decision.agent_revision, reply, tx.now());
}

/// The turn gives no reply: a person may want to know why. A reply is told by its message.
void end_silent(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, TurnOutcome outcome, std::string_view reason,
                const Decision& decision) {
    write_outcome(tx, turn, outcome, reason, decision, std::nullopt);
    changes::record(tx, cause, "turn." + std::string(to_word(outcome)), "turn", turn.id.value, turn.message.device_id.value);
}

void end_dead(Transaction& tx, const Cause& cause, const ClaimedTurn& turn) {
    if (!end_turn(tx, turn)) return;
    end_silent(tx, cause, turn, TurnOutcome::dead, "failed every time", Decision{});
}

MessageId write_reply(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision, const std::string& text) {
    const TurnMessage& asked = turn.message;
    const auto parent = decision.quotes ? std::optional(asked.message_id) : std::nullopt;
    const messages::Outgoing reply{asked.conversation_id, asked.device_id, asked.contact_id, SenderKind::agent, decision.agent, text, parent};
    const MessageId id = messages::add_outgoing(tx, reply);
    sends::queue(tx, id, asked.conversation_id, asked.device_id, split_text(text, text_part_max), turn.staff->on_uncertain);
    changes::record(tx, cause, "message.queued", "message", id.value, asked.device_id.value);
    return id;
}

}  // namespace

std::vector<ClaimedTurn> claim(Transaction& tx, const Cause& cause, Answering& answering, int limit, Time until, WorkerId worker,
                               const Limits& limits) {
    std::vector<ClaimedTurn> out;
    std::map<DeviceId, std::shared_ptr<const Staff>> staffs;
    for (const ClaimedLane& lane : lanes::claim(tx, Lane::turn, limit, until, worker)) {
        auto message = tx.query(message_sql, lane.id).first<TurnMessage>();
        if (!message) {
            tx.execute("UPDATE conversations SET turn_pending = 0, turn_state = 'idle' WHERE id = $1", lane.id);
            continue;
        }
        auto& staff = staffs[message->device_id];
        if (!staff) staff = staff_of(tx, answering, message->device_id);
        open_turn(tx, *message);
        IgnoreFacts facts;
        if (staff->ignore_book && !staff->ignore_book->rules().empty())
            facts = ignore_rules::facts_of(tx, message->contact_id, message->author_contact_id.value_or(message->contact_id), message->content);
        const Control control = conversations::control_at(tx.now(), message->control, message->control_until);
        ClaimedTurn turn{lane, message->turn_id, message->attempt, std::move(*message), control, std::move(facts), staff};
        if (turn.attempt > limits.attempts_max)
            end_dead(tx, cause, turn);
        else
            out.push_back(std::move(turn));
    }
    return out;
}

asio::awaitable<Decision> decide(const ClaimedTurn& turn) {
    const TurnMessage& message = turn.message;
    Decision decision;
    if (!turn.staff->is_active) {
        decision.reason = "device inactive";
        co_return decision;
    }
    if (turn.control == Control::human) {
        decision.reason = "human";
        co_return decision;
    }
    if (message.is_blocked) {
        decision.reason = "blocked";
        co_return decision;
    }
    if (!turn.staff->failure.empty()) throw Error(Errc::unavailable, turn.staff->failure);
    if (const auto ignored = turn.staff->ignore_book->match(turn.facts)) {
        decision.reason = ignored->reason;
        co_return decision;
    }
    Question question;
    question.text = message.content;
    question.message_type = message.message_type;
    question.conversation_id = message.conversation_id;
    question.contact_id = message.contact_id;
    question.author_id = message.author_contact_id.value_or(message.contact_id);
    question.is_group = message.is_group;
    const Asked asked = co_await ask(turn.staff->agents, question);
    if (asked.answer.outcome == AnswerOutcome::failed) throw Error(Errc::unavailable, asked.answer.reason);
    decision.reason = asked.answer.reason;
    if (asked.by) {
        decision.agent = asked.by->id;
        decision.agent_revision = asked.by->revision;
    }
    if (asked.answer.outcome == AnswerOutcome::replied) {
        decision.outcome = TurnOutcome::replied;
        decision.texts = asked.answer.texts;
        decision.quotes = asked.answer.quote;
    }
    co_return decision;
}

void finish(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision) {
    if (!end_turn(tx, turn)) return;
    if (decision.outcome != TurnOutcome::replied) return end_silent(tx, cause, turn, decision.outcome, decision.reason, decision);
    if (conversations::control_of(tx, turn.message.conversation_id) == Control::human)
        return end_silent(tx, cause, turn, TurnOutcome::suppressed, "human", decision);
    if (is_looping(tx, turn)) {
        end_silent(tx, cause, turn, TurnOutcome::no_reply, "loop limit", decision);
        changes::record(tx, cause, "conversation.loop_limit", "conversation", turn.message.conversation_id.value, turn.message.device_id.value);
        return;
    }
    std::optional<MessageId> first;
    for (const std::string& text : decision.texts) {
        const MessageId id = write_reply(tx, cause, turn, decision, text);
        if (!first) first = id;
    }
    write_outcome(tx, turn, TurnOutcome::replied, decision.reason, decision, first);
}

void fail(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const std::string& error, const Limits& limits, double jitter) {
    tx.execute("UPDATE turns SET last_error = $2, updated_at = $3 WHERE id = $1", turn.id, error, tx.now());
    if (turn.attempt < limits.attempts_max) {
        const double seconds = std::ldexp(0.8 + 0.4 * jitter, static_cast<int>(std::min<std::int64_t>(turn.attempt, 12)));
        lanes::finish(tx, Lane::turn, turn.lane, 0, tx.now() + std::chrono::microseconds(std::llround(seconds * 1e6)));
        return;
    }
    end_dead(tx, cause, turn);
}

void uncount(Transaction& tx, const std::vector<ConversationId>& released) {
    for (const ConversationId id : released)
        tx.execute("UPDATE turns SET attempt = attempt - 1 WHERE conversation_id = $1 AND outcome IS NULL AND attempt > 0", id);
}

std::optional<Turn> find_of_message(Snapshot& db, MessageId id) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, conversation_id, agent_id, agent_revision, first_message_id, last_message_id, reply_message_id, attempt, outcome, reason, last_error,
               created_at, updated_at
        FROM turns WHERE last_message_id = $1 OR reply_message_id = $1 ORDER BY id DESC LIMIT 1)sql";
    return db.query(sql, id).first<Turn>();
}

}  // namespace wabot::turns
