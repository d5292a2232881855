#include "core/messaging/answering/turns.hpp"

#include <algorithm>
#include <map>

#include "core/base/error.hpp"
#include "core/changes/changes.hpp"
#include "core/channels/content.hpp"
#include "core/channels/split_text.hpp"
#include "core/database/database_fault.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/messaging/service_window.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/back_off.hpp"

namespace wabot::turns {

namespace {

using namespace std::chrono_literals;

constexpr auto loop_window = 60s;

constexpr std::string_view message_sql = R"sql(
    SELECT c.id AS conversation_id, c.device_id, c.contact_id, c.control, c.control_until, k.is_blocked, k.is_group, m.id AS message_id,
           m.author_contact_id, m.message_type, m.content, m.revoked_at IS NOT NULL AS is_revoked, COALESCE(t.id, 0) AS turn_id,
           COALESCE(t.attempt, 0) AS attempt, m.media_wait_until, m.timestamp, m.created_at,
           k.phone_number_enc, k.phone_number_hash, k.phone_number_last4, m.whatsapp_message_id_enc AS provider_id_enc,
           m.whatsapp_message_id_hash AS provider_id_hash, m.whatsapp_message_id_last4 AS provider_id_last4
    FROM conversations c JOIN contacts k ON k.id = c.contact_id
         LEFT JOIN turns t ON t.id = COALESCE(
             (SELECT o.id FROM turns o WHERE o.conversation_id = c.id AND o.outcome IS NULL),
             (SELECT r.id FROM turns r WHERE r.conversation_id = c.id AND r.reopened_at IS NOT NULL ORDER BY r.first_message_id LIMIT 1))
         JOIN messages m ON m.id = COALESCE(t.first_message_id,
             (SELECT n.id FROM messages n WHERE n.conversation_id = c.id AND n.takes_turn AND n.id > c.turn_cursor ORDER BY n.id LIMIT 1))
    WHERE c.id = $1)sql";

/// The row of the turn, or of the one that was begun or is wanted once more; counts the attempt.
void begin(Transaction& tx, ClaimedTurn& turn) {
    const TurnMessage& message = turn.message;
    turn.id = message.turn_id;
    turn.attempt = message.attempt + 1;
    if (turn.id) {
        static constexpr std::string_view again_sql =
            "UPDATE turns SET attempt = $2, outcome = NULL, reason_kind = NULL, reason = NULL, reopened_at = NULL, updated_at = $3 WHERE id = $1";
        tx.execute(again_sql, turn.id, turn.attempt, tx.now());
        return;
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO turns (conversation_id, first_message_id, last_message_id, attempt, created_at, updated_at) VALUES ($1, $2, $2, 1, $3, $3))sql";
    turn.id = tx.insert<TurnId>(sql, message.conversation_id, message.message_id, tx.now()).value();
}

std::shared_ptr<const AnswerSetup> read_staff(Snapshot& db, AnswerCaches& answering, DeviceId id) {
    auto setup = std::make_shared<AnswerSetup>();
    const auto device = devices::find(db, id);
    setup->is_active = device && device->is_active;
    if (!setup->is_active) return setup;
    setup->kind = device->kind;
    try {
        const DeviceOptions options = devices::options_of(*device);
        setup->loop_limit = options.loop_limit;
        setup->on_uncertain = options.on_uncertain;
        setup->ignore_book = answering.ignore_books.of_device(db, id);
        setup->agents = answering.agents.of_device(db, id);
    } catch (const Error& error) {
        // A broken configuration fails the turns of its device, not those of the others.
        if (is_of_store(error)) throw;
        setup->failure = error.what();
    }
    return setup;
}

/// The lane goes on behind this message.
bool end_turn(Transaction& tx, const ClaimedTurn& turn) {
    return lanes::finish_turn(tx, turn.lane, turn.message.message_id);
}

void write_outcome(Transaction& tx, const ClaimedTurn& turn, const Decision& decision, std::optional<MessageId> reply) {
    static constexpr std::string_view sql = R"sql(
        UPDATE turns SET outcome = $2, reason_kind = $3, reason = $4, agent_id = $5, agent_revision = $6, reply_message_id = $7, updated_at = $8
        WHERE id = $1)sql";
    tx.execute(sql, turn.id, decision.outcome, decision.reason_kind, decision.reason, decision.agent, decision.agent_revision, reply, tx.now());
}

/// The turn gives no reply: a person may want to know why. A reply is told by its message.
void end_silent(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision) {
    write_outcome(tx, turn, decision, std::nullopt);
    changes::record(tx, cause, "turn." + std::string(to_word(decision.outcome)), "turn", turn.id.value, turn.message.device_id.value);
}

void end_dead(Transaction& tx, const Cause& cause, const ClaimedTurn& turn) {
    if (!end_turn(tx, turn)) return;
    end_silent(tx, cause, turn, {.outcome = TurnOutcome::dead, .reason_kind = ReasonKind::failed, .reason = "failed every time"});
}

}  // namespace

}  // namespace wabot::turns

namespace wabot {

void Decision::give_none(ReasonKind kind, std::string why) {
    outcome = TurnOutcome::no_reply;
    reason_kind = kind;
    reason = std::move(why);
    texts.clear();
}

void Decision::suppress(ReasonKind kind, std::string why) {
    give_none(kind, std::move(why));
    outcome = TurnOutcome::suppressed;
}

}  // namespace wabot

namespace wabot::turns {

std::shared_ptr<const AnswerSetup> AnswerSetups::of(Snapshot& db, DeviceId id) {
    auto& setup = read_[id];
    if (!setup) setup = read_staff(db, answering_, id);
    return setup;
}

std::optional<ClaimedTurn> load_turn(Snapshot& db, AnswerSetups& setups, const ClaimedLane& lane) {
    auto message = db.query(message_sql, lane.id).first<TurnMessage>();
    if (!message) return std::nullopt;
    ClaimedTurn turn;
    turn.lane = lane;
    turn.control = conversations::control_at(db.now(), message->control, message->control_until);
    turn.setup = setups.of(db, message->device_id);
    const auto window = window_end(turn.setup->kind, message->timestamp);
    turn.is_too_late = window && *window <= db.now();
    const auto& book = turn.setup->ignore_book;
    if (book && !book->rules().empty())
        turn.facts = ignore_rules::facts_of(db, message->contact_id, message->author_contact_id.value_or(message->contact_id), message->content);
    if (message->message_type != "text") turn.files = media::as_question(db, message->message_id);  // words bring no files
    turn.message = std::move(*message);
    return turn;
}

bool waits_for_media(Snapshot& db, const ClaimedTurn& turn) {
    // What was stored while the clock was ahead has waited for long enough.
    const bool was_clock_ahead = turn.message.created_at > db.now() + lanes::clock_jump;
    return !was_clock_ahead && turn.message.media_wait_until && *turn.message.media_wait_until > db.now();
}

std::vector<ClaimedTurn> claim(Transaction& tx, const Cause& cause, AnswerCaches& answering, int limit, Time until, WorkerId worker,
                               const Limits& limits) {
    std::vector<ClaimedTurn> out;
    AnswerSetups setups(answering);
    for (const ClaimedLane& lane : lanes::claim_turns(tx, limit, until, worker)) {
        auto turn = load_turn(tx, setups, lane);
        if (!turn) {
            tx.execute("UPDATE conversations SET turn_pending = 0, turn_state = 'idle' WHERE id = $1", lane.id);
            continue;
        }
        if (waits_for_media(tx, *turn)) {
            lanes::finish(tx, Lane::turn, lane, 0, *turn->message.media_wait_until);
            continue;
        }
        begin(tx, *turn);
        if (turn->attempt > limits.attempts_max)
            end_dead(tx, cause, *turn);
        else
            out.push_back(std::move(*turn));
    }
    return out;
}

asio::awaitable<Decision> decide(const ClaimedTurn& turn) {
    const TurnMessage& message = turn.message;
    Decision decision;
    if (!turn.setup->is_active) {
        decision.give_none(ReasonKind::device_inactive, "device inactive");
        co_return decision;
    }
    if (message.is_revoked) {
        decision.give_none(ReasonKind::revoked, "revoked");
        co_return decision;
    }
    if (turn.control == Control::human) {
        decision.give_none(ReasonKind::human, "human");
        co_return decision;
    }
    if (message.is_blocked) {
        decision.give_none(ReasonKind::blocked, "blocked");
        co_return decision;
    }
    if (turn.is_too_late) {
        decision.give_none(ReasonKind::window_closed, "window closed");
        co_return decision;
    }
    if (!turn.setup->failure.empty()) throw Error(Errc::unavailable, turn.setup->failure);
    if (const auto ignored = turn.setup->ignore_book->match(turn.facts)) {
        decision.give_none(ReasonKind::ignored, ignored->reason);
        co_return decision;
    }
    Question question;
    question.text = message.content;
    question.message_type = message.message_type;
    question.conversation_id = message.conversation_id;
    question.contact_id = message.contact_id;
    question.author_id = message.author_contact_id.value_or(message.contact_id);
    question.is_group = message.is_group;
    question.files = turn.files;
    const Asked asked = co_await ask(turn.setup->agents, question);
    if (asked.answer.outcome == AnswerOutcome::failed) throw Error(Errc::unavailable, asked.answer.reason);
    decision.reason_kind = asked.answer.reason_kind;
    decision.reason = asked.answer.reason;
    if (asked.by) {
        decision.agent = asked.by->id;
        decision.agent_revision = asked.by->revision;
    }
    if (asked.answer.outcome == AnswerOutcome::replied) {
        decision.outcome = TurnOutcome::replied;
        decision.texts = asked.answer.texts;
        decision.quotes = asked.answer.quote;
        std::erase_if(decision.texts, [](const std::string& text) { return split_text(text, text_part_max).empty(); });
        if (decision.texts.empty()) {
            decision.give_none(ReasonKind::empty_reply, decision.reason + ", an empty reply");
        }
    }
    co_return decision;
}

namespace {

bool is_looping(Transaction& tx, const ClaimedTurn& turn) {
    if (turn.setup->loop_limit <= 0) return false;
    // Of the newest only: in a conversation that people have, or behind a thousand questions, there may be none of an agent to be found. They come as
    // the innermost orders them; ordering them again would read all thousand each time.
    static constexpr std::string_view sql = R"sql(
        SELECT count(*) FROM (
            SELECT created_at FROM (
                SELECT created_at, direction, sender_kind FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1000) newest
            WHERE direction = 'outgoing' AND sender_kind = 'agent' LIMIT $2) latest
        WHERE created_at > $3)sql";
    const auto recent = tx.query(sql, turn.message.conversation_id, turn.setup->loop_limit, tx.now() - loop_window).one<std::int64_t>();
    return recent >= turn.setup->loop_limit;
}

}  // namespace

bool stop_loop(Transaction& tx, const ClaimedTurn& turn, Decision& decision) {
    if (decision.outcome != TurnOutcome::replied || !is_looping(tx, turn)) return false;
    decision.give_none(ReasonKind::loop_limit, "loop limit");
    return true;
}

void note_loop(Transaction& tx, const Cause& cause, const ClaimedTurn& turn) {
    changes::record(tx, cause, "conversation.loop_limit", "conversation", turn.message.conversation_id.value, turn.message.device_id.value);
}

MessageId add_reply(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision, const std::string& text) {
    const TurnMessage& asked = turn.message;
    const auto parent = decision.quotes ? std::optional(asked.message_id) : std::nullopt;
    const messages::Outgoing reply{asked.conversation_id, asked.device_id, asked.contact_id, SenderKind::agent, decision.agent, text, parent};
    const MessageId id = messages::add_outgoing(tx, reply);
    changes::record(tx, cause, "message.queued", "message", id.value, asked.device_id.value);
    return id;
}

void finish(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decided) {
    if (!end_turn(tx, turn)) return;
    Decision decision = decided;
    if (decision.outcome == TurnOutcome::replied && conversations::control_of(tx, turn.message.conversation_id) == Control::human)
        decision.suppress(ReasonKind::human, "human");
    if (decision.outcome == TurnOutcome::replied && messages::is_revoked(tx, turn.message.message_id))
        decision.suppress(ReasonKind::revoked, "revoked");
    if (stop_loop(tx, turn, decision)) note_loop(tx, cause, turn);
    if (decision.outcome != TurnOutcome::replied) return end_silent(tx, cause, turn, decision);
    const TurnMessage& asked = turn.message;
    std::optional<MessageId> first;
    for (const std::string& text : decision.texts) {
        const MessageId id = add_reply(tx, cause, turn, decision, text);
        sends::queue(tx, id, asked.conversation_id, asked.device_id, {split_text(text, text_part_max)}, turn.setup->on_uncertain);
        if (!first) first = id;
    }
    write_outcome(tx, turn, decision, first);
}

void fail(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const std::string& error, const Limits& limits, double jitter) {
    if (!lanes::holds(tx, Lane::turn, turn.lane)) return;
    attempts::note_failed_turn(tx, turn.id, error);
    tx.execute("UPDATE turns SET last_error = $2, updated_at = $3 WHERE id = $1", turn.id, error, tx.now());
    if (turn.attempt < limits.attempts_max) {
        lanes::finish(tx, Lane::turn, turn.lane, 0, tx.now() + back_off(turn.attempt, jitter));
        return;
    }
    end_dead(tx, cause, turn);
}

void refund_attempts(Transaction& tx, const std::vector<ConversationId>& released) {
    for (const ConversationId id : released)
        tx.execute("UPDATE turns SET attempt = attempt - 1 WHERE conversation_id = $1 AND outcome IS NULL AND attempt > 0", id);
}

std::optional<Turn> find_of_message(Snapshot& db, MessageId id) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, conversation_id, agent_id, agent_revision, first_message_id, last_message_id, reply_message_id, attempt, outcome, reason_kind, reason,
               last_error,
               reopened_at, created_at, updated_at
        FROM turns WHERE last_message_id = $1 OR reply_message_id = $1 ORDER BY id DESC LIMIT 1)sql";
    return db.query(sql, id).first<Turn>();
}

}  // namespace wabot::turns
