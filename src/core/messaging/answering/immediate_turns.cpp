#include "core/messaging/answering/immediate_turns.hpp"

#include <map>

#include "core/changes/changes.hpp"
#include "core/channels/content.hpp"
#include "core/channels/split_text.hpp"
#include "core/messaging/messages.hpp"

namespace wabot {

/// A lane of turns that is due, and where its lane of sends stands.
struct DueTurn {
    ConversationId id;
    std::int64_t turn_lease_no;
    std::string send_state;
    std::int64_t send_lease_no;
};
WABOT_DESCRIBE(DueTurn, FIELD(id), FIELD(turn_lease_no), FIELD(send_state), FIELD(send_lease_no))

}  // namespace wabot

namespace wabot::turns {

namespace {

bool answer_at_once(const AnswerSetup& setup) {
    if (!setup.failure.empty()) return false;
    for (const Candidate& candidate : setup.agents)
        if (!candidate.ready || !candidate.ready->agent->answers_at_once()) return false;
    return true;
}

/// The texts of a decision, each in the parts that the channel takes.
std::vector<std::vector<std::string>> parts_of(const Decision& decision) {
    std::vector<std::vector<std::string>> out;
    for (const std::string& text : decision.texts) out.push_back(split_text(text, text_part_max));
    return out;
}

}  // namespace

DueTurns load_due(Snapshot& db, AnswerCaches& answering, int limit) {
    static constexpr std::string_view due_sql = R"sql(
        SELECT id, turn_lease_no, send_state, send_lease_no FROM conversations WHERE turn_state = 'ready' AND turn_due_at <= $1
        ORDER BY turn_due_at, id LIMIT $2)sql";
    DueTurns out;
    AnswerSetups setups(answering);
    for (const DueTurn& due : db.query(due_sql, db.now(), limit).all<DueTurn>()) {
        auto turn = load_turn(db, setups, {due.id, due.turn_lease_no});
        if (!turn || turn->message.turn_id || waits_for_media(db, *turn) || !answer_at_once(*turn->setup))
            out.others = true;
        else
            out.ready.push_back({std::move(*turn), {due.id, due.send_lease_no}, due.send_state == "idle"});
    }
    return out;
}

ImmediateTurns::ImmediateTurns(Transaction& tx, const Cause& cause, WorkerId worker, Time until, sends::SendCapacity room)
    : tx_(tx), cause_(cause), worker_(worker), until_(until), room_(std::move(room)), buckets_(tx) {}

bool ImmediateTurns::finish(const ReadyTurn& ready, const Decision& decided) {
    const TurnMessage& asked = ready.turn.message;
    Decision decision = decided;
    const bool loops = stop_loop(tx_, ready.turn, decision);
    auto parts = parts_of(decision);
    std::int64_t count = 0;
    for (const auto& of_text : parts) count += static_cast<std::int64_t>(of_text.size());
    const bool claims = count > 0 && may_claim(ready);
    if (!take(ready, count, claims)) {
        if (claims) buckets_.give_back(asked.device_id);
        return false;
    }

    if (loops) note_loop(tx_, cause_, ready.turn);
    std::optional<MessageId> first;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const MessageId id = add_reply(tx_, cause_, ready.turn, decision, decision.texts[i]);
        add_sends(ready, decision, id, std::move(parts[i]), claims && !first);
        if (!first) first = id;
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO turns (conversation_id, first_message_id, last_message_id, attempt, outcome, reason_kind, reason, agent_id, agent_revision,
                           reply_message_id, created_at, updated_at)
        VALUES ($1, $2, $2, 1, $3, $4, $5, $6, $7, $8, $9, $9))sql";
    if (first) {
        tx_.execute_deferred(sql, asked.conversation_id, asked.message_id, decision.outcome, decision.reason_kind, decision.reason, decision.agent,
                             decision.agent_revision, first, tx_.now());
        return true;
    }
    const auto id = tx_.insert<TurnId>(sql, asked.conversation_id, asked.message_id, decision.outcome, decision.reason_kind, decision.reason,
                                       decision.agent, decision.agent_revision, first, tx_.now());
    changes::record(tx_, cause_, "turn." + std::string(to_word(decision.outcome)), "turn", id.value().value, asked.device_id.value);
    return true;
}

void ImmediateTurns::add_sends(const ReadyTurn& ready, const Decision& decision, MessageId message, std::vector<std::string> texts, bool claims) {
    const TurnMessage& asked = ready.turn.message;
    const OnUncertain on_uncertain = ready.turn.setup->on_uncertain;
    const ClaimedLane lane{asked.conversation_id, ready.send_lane.lease_no + 1};
    const auto hand = claims ? std::optional(sends::LaneHolder{worker_, lane.lease_no}) : std::nullopt;
    const sends::Parts parts{std::move(texts)};
    const SendId id = sends::add_parts(tx_, message, asked.conversation_id, asked.device_id, parts, on_uncertain, hand);
    if (!claims) return;
    Send send{.id = id,
              .message_id = message,
              .conversation_id = asked.conversation_id,
              .device_id = asked.device_id,
              .part = 1,
              .attempt = 1,
              .first_attempt = 1,
              .state = SendState::claimed,
              .content = parts.texts.front(),
              .on_uncertain = on_uncertain,
              .lease_no = lane.lease_no};
    claimed_.push_back({lane, std::move(send), contacts::target_of(tx_, asked.contact_id, asked.phone_number),
                        decision.quotes ? asked.provider_id : std::nullopt, buckets_.revision(asked.device_id),
                        buckets_.limit_seen(asked.device_id)});
    room_.take(asked.device_id);
}

bool ImmediateTurns::may_claim(const ReadyTurn& ready) {
    const DeviceId device = ready.turn.message.device_id;
    if (!ready.send_lane_is_idle || room_.of(device) <= 0) return false;
    if (!buckets_.may_send(device) || buckets_.is_waiting(device)) return false;  // not before those that wait for a token
    if (buckets_.take(device)) return true;
    buckets_.set_waiting(device, true);
    return false;
}

bool ImmediateTurns::take(const ReadyTurn& ready, std::int64_t parts, bool claims) {
    // One row says whose turn it is, who answers, and whether sends wait: `parts` more go behind them, or the first of them into our hands.
    static const std::string turn_part = R"sql(
        UPDATE conversations SET turn_pending = turn_pending - 1, turn_state = CASE WHEN turn_pending > 1 THEN 'ready' ELSE 'idle' END,
               turn_due_at = $5, turn_lease_no = turn_lease_no + 1, turn_cursor = $3, updated_at = $5, send_pending = send_pending + $6,)sql";
    // A conversation that another transaction holds comes later: a transaction of many conversations waits for none.
    static const std::string unchanged = R"sql(
        WHERE id = (SELECT id FROM conversations WHERE id = $1 AND turn_state = 'ready' AND turn_lease_no = $2 AND turn_cursor < $3
                    AND control = $4 AND control_until IS NOT DISTINCT FROM $7)sql";
    static const std::string alone = " {skip_locked})";
    static const std::string sql = turn_part + R"sql(
               last_message_at = CASE WHEN $6 > 0 THEN $5 ELSE last_message_at END,
               send_due_at = CASE WHEN send_state = 'idle' THEN $5 ELSE send_due_at END,
               send_state = CASE WHEN $6 > 0 AND send_state = 'idle' THEN 'ready' ELSE send_state END)sql" +
                                   unchanged + alone;
    static const std::string claim_sql = turn_part + R"sql(
               last_message_at = $5, send_state = 'running', send_lease_no = send_lease_no + 1, send_lease_until = $9, send_worker = $10)sql" +
                                         unchanged + " AND send_state = 'idle' AND send_lease_no = $8" + alone;
    const TurnMessage& asked = ready.turn.message;
    const ClaimedLane& lane = ready.turn.lane;
    const auto changed = claims ? tx_.execute(claim_sql, lane.id, lane.lease_no, asked.message_id, asked.control, tx_.now(), parts,
                                              asked.control_until, ready.send_lane.lease_no, until_, worker_)
                                : tx_.execute(sql, lane.id, lane.lease_no, asked.message_id, asked.control, tx_.now(), parts, asked.control_until);
    return changed == 1;
}

std::vector<ClaimedSend> ImmediateTurns::claimed() {
    buckets_.save();
    return std::move(claimed_);
}

}  // namespace wabot::turns
