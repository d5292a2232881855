#include "core/operations/message_history.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/agents/agents.hpp"
#include "core/base/clock.hpp"
#include "core/channels/send_errors.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/pauses.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot {

/// Where the lanes of a message's conversation stand.
struct HistoryLanes {
    bool takes_turn;
    std::optional<Time> media_wait_until;
    std::int64_t turn_cursor;
    std::string turn_state;
    Time turn_due_at;
    std::string send_state;
    Time send_due_at;
    std::optional<MessageId> next_turn;  // the message whose turn is next
};
WABOT_DESCRIBE(HistoryLanes, FIELD(takes_turn), FIELD(media_wait_until), FIELD(turn_cursor), FIELD(turn_state), FIELD(turn_due_at), FIELD(send_state),
               FIELD(send_due_at), FIELD(next_turn))

struct HistorySend {
    SendId id;
    MessageId message_id;
    std::int64_t part;
    std::int64_t attempt;
    SendState state;
    OnUncertain on_uncertain;
    std::optional<Time> uncertain_since;
    std::optional<std::string> last_error;
    std::optional<std::string> error_code;
    std::optional<std::string> settled_by;
    std::optional<Time> duplicate_at;
    Time updated_at;
};
WABOT_DESCRIBE(HistorySend, FIELD(id), FIELD(message_id), FIELD(part), FIELD(attempt), FIELD(state), FIELD(on_uncertain), FIELD(uncertain_since),
               FIELD(last_error), FIELD(error_code), FIELD(settled_by), FIELD(duplicate_at), FIELD(updated_at))

namespace messages {

namespace {

constexpr std::string_view send_columns =
    "id, message_id, part, attempt, state, on_uncertain, uncertain_since, last_error, error_code, settled_by, duplicate_at, updated_at";

/// What a turn's reason means that is one word; the others say it themselves.
std::string explain_reason(const Turn& turn) {
    const std::string reason = turn.reason.value_or(std::string(to_word(*turn.outcome)));
    switch (turn.reason_kind.value_or(ReasonKind::rule)) {
        case ReasonKind::human: return "human: a person has taken over the conversation";
        case ReasonKind::blocked: return "blocked: the contact is blocked";
        case ReasonKind::revoked: return "revoked: its author deleted it";
        case ReasonKind::loop_limit: return "loop limit: too many replies in a minute, as between two machines";
        case ReasonKind::device_inactive: return "device inactive: no agent answers";
        case ReasonKind::window_closed: return "window closed: it was written more than 24 hours ago, and WhatsApp accepts only templates then";
        case ReasonKind::no_agent: return reason == "no agent" ? "no agent: none is attached to the device" : reason;
        case ReasonKind::rule:
        case ReasonKind::fallback:
        case ReasonKind::empty_reply:
        case ReasonKind::no_rule:
        case ReasonKind::ignored:
        case ReasonKind::failed:
        case ReasonKind::cancelled: break;
    }
    return reason;
}

/// "131026: Message undeliverable", with what the code means.
std::string explain_error(const std::string& error, const std::optional<std::string>& code,
                          std::string (*explain)(std::string_view code) = explain_send_error) {
    const std::string meaning = code ? explain(*code) : "";
    return meaning.empty() ? error : fmt::format("{}; {}", error, meaning);
}

class Telling {
public:
    Telling(Snapshot& db, MessageId id, std::chrono::milliseconds window) : db_(db), window_(window), message_(get(db, id)) {
        static constexpr std::string_view sql = R"sql(
            SELECT m.takes_turn, m.media_wait_until, c.turn_cursor, c.turn_state, c.turn_due_at, c.send_state, c.send_due_at,
                   (SELECT min(n.id) FROM messages n WHERE n.conversation_id = c.id AND n.takes_turn = $2 AND n.id > c.turn_cursor) AS next_turn
            FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1)sql";
        lanes_ = db.query(sql, id, true).one<HistoryLanes>();
    }

    History run() {
        if (message_.direction == Direction::incoming)
            tell_incoming();
        else
            tell_outgoing();
        return std::move(history_);
    }

private:
    void step(Time at, std::string what, std::string detail) { history_.steps.push_back({at, std::move(what), std::move(detail)}); }
    void wait(std::string detail) { step(db_.now(), "waiting", std::move(detail)); }

    void tell_incoming() {
        step(message_.created_at, "received", message_.message_type);
        if (message_.edited_at) step(*message_.edited_at, "edited", "by its writer");
        if (message_.revoked_at) step(*message_.revoked_at, "revoked", "by its writer");
        tell_media();
        const auto turn = turns::find_of_message(db_, message_.id);
        history_.is_final = true;
        if (turn && turn->outcome == TurnOutcome::replied) {
            const std::string reply = turn->reply_message_id ? fmt::format("message/{}, ", turn->reply_message_id->value) : "";
            return step(turn->updated_at, "answered", fmt::format("{}{}{}", reply, agent_of(*turn), turn->reason.value_or("")));
        }
        if (turn && turn->reopened_at) {
            step(*turn->reopened_at, "retried", "retried by an operator");
            history_.is_final = false;
            return wait_for_turn(turn);
        }
        if (turn && turn->outcome) {
            std::string why = explain_reason(*turn);
            if (turn->outcome == TurnOutcome::dead)
                why += fmt::format(" ({} attempts): {}", turn->attempt, turn->last_error.value_or("its workers crashed"));
            return step(turn->updated_at, "not answered", fmt::format("{}{}", agent_of(*turn), why));
        }
        if (!lanes_.takes_turn) return step(message_.created_at, "not answered", fmt::format("{}: needs no answer", message_.message_type));
        if (message_.id.value <= lanes_.turn_cursor) return step(message_.created_at, "not answered", "its turn is no longer stored");
        history_.is_final = false;
        wait_for_turn(turn);
    }

    void tell_media() {
        for (const Media& medium : media::of_message(db_, message_.id)) {
            const std::string file = medium.file_id ? fmt::format("file/{}, ", medium.file_id->value) : "";
            step(medium.updated_at, "media", fmt::format("{}: {}{}", medium.kind, file, media::told_state(medium)));
        }
    }

    void wait_for_turn(const std::optional<Turn>& turn) {
        if (lanes_.next_turn && lanes_.next_turn != message_.id) return wait(fmt::format("behind message/{}", lanes_.next_turn->value));
        if (lanes_.media_wait_until && *lanes_.media_wait_until > db_.now())
            return wait(fmt::format("for its media, until {}", to_iso(*lanes_.media_wait_until)));
        if (lanes_.turn_state == "running") return wait(fmt::format("being answered, attempt {}", turn ? turn->attempt : 1));
        if (waits_for_resume(QueueName::turn)) return;
        if (turn && turn->last_error)
            return wait(fmt::format("attempt {} failed: {}; again at {}", turn->attempt, *turn->last_error, to_iso(lanes_.turn_due_at)));
        wait_for_worker(QueueName::turn);
    }

    /// Whether the queue is paused, and said so.
    bool waits_for_resume(QueueName queue) {
        for (const Pause& pause : pauses::list(db_)) {
            if (pause.name != queue) continue;
            const auto name = to_word(queue);
            wait(fmt::format("the queue {} is paused since {}; go on with: wabot queue resume {}", name, to_iso(pause.paused_at), name));
            return true;
        }
        return false;
    }

    void wait_for_worker(QueueName queue) {
        const workers::Attendance attendance = workers::attendance(db_);
        const bool is_worked = std::ranges::find(attendance.unattended, queue) == attendance.unattended.end();
        wait(is_worked ? "due now" : fmt::format("{}; {}", workers::what_is_missing(attendance), workers::way_out(attendance)));
    }

    std::string agent_of(const Turn& turn) {
        if (!turn.agent_id) return "";
        const auto key = db_.query("SELECT key FROM agents WHERE id = $1", *turn.agent_id).first<std::string>();
        return fmt::format("by {}, ", key.value_or("a deleted agent"));
    }

    void tell_outgoing() {
        tell_origin();
        static const std::string sql = fmt::format("SELECT {} FROM sends WHERE message_id = $1 ORDER BY part, attempt LIMIT 200", send_columns);
        const auto sends = db_.query(sql, message_.id).all<HistorySend>();
        for (const HistorySend& send : sends) tell_send(send);
        tell_statuses();
        const auto is_open = [](const HistorySend& send) {
            return send.state == SendState::queued || send.state == SendState::claimed || send.state == SendState::handing_over ||
                   send.state == SendState::uncertain;
        };
        const auto open = std::ranges::find_if(sends, is_open);
        history_.is_final = open == sends.end() && (sends.empty() || !awaits_status());
        if (open != sends.end()) wait_for_send(*open);
    }

    /// Sent through a provider that will say that it was delivered.
    bool awaits_status() {
        if (message_.status != MessageStatus::sent) return false;
        const auto device = devices::find(db_, message_.device_id);
        return device && device->kind == DeviceKind::whatsapp;
    }

    void tell_origin() {
        const auto turn = turns::find_of_message(db_, message_.id);
        if (turn && turn->reply_message_id == message_.id)
            step(message_.created_at, "queued",
                 fmt::format("{}answers message/{}: {}", agent_of(*turn), turn->last_message_id.value, turn->reason.value_or("")));
        else if (message_.sender_kind == SenderKind::agent)
            step(message_.created_at, "queued", "by an agent");
        else if (message_.status == MessageStatus::sent && message_.timestamp != message_.created_at)
            step(message_.created_at, "sent", "written elsewhere");
        else
            step(message_.created_at, "queued", "by a person");
    }

    void tell_send(const HistorySend& send) {
        std::string name = fmt::format("send/{} part {} attempt {}", send.id.value, send.part, send.attempt);
        if (send.uncertain_since && send.state != SendState::uncertain) step(*send.uncertain_since, "uncertain", name);
        if (send.settled_by) name += send.settled_by == "window" ? ", no status came" : fmt::format(", settled by {}", *send.settled_by);
        if (send.duplicate_at) name += ", a duplicate";
        bool has_earlier = false;
        for (const FailedAttempt& one : attempts::list(db_, QueueName::send, send.id.value)) {
            if (one.attempt >= send.attempt) continue;
            has_earlier = true;
            step(one.failed_at, "attempt failed",
                 fmt::format("send/{} part {} attempt {}: {}", send.id.value, send.part, one.attempt, explain_error(one.error, one.error_code)));
        }
        const std::string error = send.last_error ? explain_error(*send.last_error, send.error_code) : "";
        switch (send.state) {
            case SendState::queued:
                if (!error.empty() && !has_earlier)
                    step(send.updated_at, "refused",
                         fmt::format("send/{} part {}, before attempt {}: {}", send.id.value, send.part, send.attempt, error));
                break;
            case SendState::claimed: step(send.updated_at, "claimed", name); break;
            case SendState::handing_over: step(send.updated_at, "handed over", name + ", no answer yet"); break;
            case SendState::sent:
                step(send.updated_at, "sent", error.empty() || has_earlier ? name : fmt::format("{}, before: {}", name, error));
                break;
            case SendState::uncertain: step(send.uncertain_since.value_or(send.updated_at), "uncertain", fmt::format("{}: {}", name, error)); break;
            case SendState::failed:
            case SendState::held:
            case SendState::cancelled:
                step(send.updated_at, std::string(to_word(send.state)), error.empty() ? name : fmt::format("{}: {}", name, error));
        }
    }

    void tell_statuses() {
        for (const ReportedStatus& status : statuses::list(db_, message_.id)) {
            std::string detail = "reported by the provider";
            if (const auto error = status.error()) detail += ": " + explain_error(*error, status.error_code, explain_status_error);
            if (status.pricing) detail += ": " + *status.pricing;
            step(status.at, status.status, std::move(detail));
        }
    }

    void wait_for_send(const HistorySend& send) {
        const auto device = devices::find(db_, message_.device_id);
        if (!device || !device->is_active)
            return wait(device ? devices::way_out_of_disabled(device->key) : fmt::format("device {} is gone", message_.device));
        if (device->status == DeviceStatus::error)
            return wait(fmt::format("device {} is in error: {}; wabot doctor shows what to do", device->key, device->last_error.value_or("")));
        if (waits_for_resume(QueueName::send)) return;
        static const std::string head_sql = fmt::format(
            "SELECT {} FROM sends WHERE conversation_id = $1 AND {} ORDER BY message_id, part, attempt LIMIT 1", send_columns, unfinished_sends);
        const auto head = db_.query(head_sql, message_.conversation_id).first<HistorySend>();
        const bool is_behind = head && head->message_id != message_.id;
        const std::string before = is_behind ? fmt::format("behind message/{}", head->message_id.value) : "";
        const HistorySend& blocking = is_behind ? *head : send;
        if (blocking.state == SendState::uncertain) {
            const Time end = blocking.uncertain_since.value_or(blocking.updated_at) + window_;
            return wait(fmt::format("{}{}uncertain until {}, then {} unless a status comes", before, is_behind ? ", " : "", to_iso(end),
                                    blocking.on_uncertain == OnUncertain::hold ? "held" : "sent again"));
        }
        if (is_behind) return wait(before);
        if (send.state != SendState::queued) return wait("a worker is sending it");
        const auto pace = pacing::find(db_, message_.device_id);
        if (pace && pace->blocked_until > db_.now())
            return wait(fmt::format("the provider limits the account until {}", to_iso(pace->blocked_until)));
        if (pace && pace->waiting_since != Time{} && lanes_.send_due_at <= db_.now())
            return wait(fmt::format("for the rate limit of device {}, {} per second", device->key, devices::options_of(*device).rate_per_s));
        if (lanes_.send_due_at > db_.now()) return wait(fmt::format("attempt {} at {}", send.attempt, to_iso(lanes_.send_due_at)));
        wait_for_worker(QueueName::send);
    }

    Snapshot& db_;
    const std::chrono::milliseconds window_;
    const Message message_;
    HistoryLanes lanes_{};
    History history_;
};

}  // namespace

History history_of(Snapshot& db, MessageId id, std::chrono::milliseconds uncertain_window) {
    return Telling(db, id, uncertain_window).run();
}

}  // namespace messages

}  // namespace wabot
