#include "core/messaging/sending/sends.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/changes/changes.hpp"
#include "core/channels/send_errors.hpp"
#include "core/contacts/contacts.hpp"
#include "core/devices/devices.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/back_off.hpp"

namespace wabot {

/// What a send needs besides its own row.
struct SendSurroundings {
    ContactId contact_id;
    std::optional<Sealed> phone_number;
    std::optional<Sealed> quoted;
};
WABOT_DESCRIBE(SendSurroundings, FIELD(contact_id), FIELD(phone_number, .sealed = "contacts.phone_number"),
               FIELD(quoted, .sealed = "messages.whatsapp_message_id"))

}  // namespace wabot

namespace wabot::sends {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t uncertain_resends_max = 2;  // of a part, then a person decides: each may have been delivered
constexpr auto unoffered_wait = 10s;               // before another try when the provider was not reached
constexpr auto wait_max = 1h;                      // of a person, or of a number's quality

constexpr std::string_view columns =
    "id, message_id, conversation_id, device_id, part, attempt, first_attempt, state, kind, content, payload, on_uncertain, lease_no, "
    "uncertain_since, last_error";

// By message, not by age: the new attempt of an uncertain send goes before what was queued behind it.
const std::string head_sql = "SELECT " + std::string(columns) + " FROM sends WHERE conversation_id = $1 AND " + unfinished_sends +
                             " ORDER BY message_id, part, attempt LIMIT 1";
const std::string attempt_sql =
    "SELECT " + std::string(columns) + " FROM sends WHERE device_id = $1 AND message_id = $2 AND part = $3 AND attempt = $4";

const std::string id_sql = "SELECT " + std::string(columns) + " FROM sends WHERE id = $1";

constexpr std::string_view surroundings_sql = R"sql(
    SELECT c.contact_id, k.phone_number_enc, k.phone_number_hash, k.phone_number_last4, q.whatsapp_message_id_enc AS quoted_enc,
           q.whatsapp_message_id_hash AS quoted_hash, q.whatsapp_message_id_last4 AS quoted_last4
    FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN contacts k ON k.id = c.contact_id LEFT JOIN messages q ON q.id = m.parent_id
    WHERE m.id = $1)sql";

/// What went wrong with an attempt: for people, and the code of who refused it.
struct SendError {
    std::string text;
    std::optional<std::string> code;
};

void fail_for_good(Transaction& tx, SendId id, const SendError& error) {
    tx.execute("UPDATE sends SET state = 'failed', last_error = $2, error_code = $3, updated_at = $4 WHERE id = $1", id, error.text, error.code,
               tx.now());
}

void make_uncertain(Transaction& tx, SendId id, std::string_view why) {
    static constexpr std::string_view sql =
        "UPDATE sends SET state = 'uncertain', uncertain_since = $2, last_error = $3, error_code = NULL, updated_at = $2 WHERE id = $1";
    tx.execute(sql, id, tx.now(), why);
}

std::optional<SendState> state_of(Transaction& tx, SendId id) {
    return tx.query("SELECT state FROM sends WHERE id = $1", id).first<SendState>();
}

/// Not so when a status settled it meanwhile: `sent`, or `cancelled` since an earlier attempt arrived after all.
bool is_in_hand(std::optional<SendState> state) {
    return state == SendState::claimed || state == SendState::handing_over;
}

/// The attempts that count against the limit: those since a person last wanted the send tried again.
std::int64_t tries(const Send& send) {
    return send.attempt - send.first_attempt + 1;
}

/// The window of an uncertain send is over: its attempt is closed, and the part is sent anew or waits for a person.
void decide_uncertain(Transaction& tx, const Send& send, std::int64_t attempts_max) {
    static constexpr std::string_view resends_sql =
        "SELECT count(*) FROM sends WHERE message_id = $1 AND part = $2 AND attempt >= $3 AND settled_by = 'window'";
    const auto resends = tx.query(resends_sql, send.message_id, send.part, send.first_attempt).one<std::int64_t>();
    if (send.on_uncertain == OnUncertain::hold || resends >= uncertain_resends_max || tries(send) >= attempts_max) {
        tx.execute("UPDATE sends SET state = 'held', settled_by = 'window', updated_at = $2 WHERE id = $1", send.id, tx.now());
    } else {
        tx.execute("UPDATE sends SET state = 'failed', settled_by = 'window', updated_at = $2 WHERE id = $1", send.id, tx.now());
        queue_again(tx, send, send.attempt + 1, send.first_attempt);
    }
    messages::follow_sends(tx, send.message_id);
}

/// The attempt was accepted under this id, of the provider.
void mark_sent(Transaction& tx, const Send& send, const Sealed& id, const std::optional<std::string>& settled_by) {
    static constexpr std::string_view sql = R"sql(
        UPDATE sends SET state = 'sent', settled_by = COALESCE($6, settled_by), updated_at = $5,
               whatsapp_message_id_enc = COALESCE(whatsapp_message_id_enc, $2), whatsapp_message_id_hash = COALESCE(whatsapp_message_id_hash, $3),
               whatsapp_message_id_last4 = COALESCE(whatsapp_message_id_last4, $4)
        WHERE id = $1)sql";
    tx.execute_deferred(sql, send.id, id.enc, id.hash, id.last4, tx.now(), settled_by);
}

/// A message goes by the provider's id of its first part.
void name_message(Transaction& tx, const Send& send, const Sealed& id) {
    static constexpr std::string_view sql = R"sql(
        UPDATE messages SET whatsapp_message_id_enc = $2, whatsapp_message_id_hash = $3, whatsapp_message_id_last4 = $4
        WHERE id = $1 AND whatsapp_message_id_hash IS NULL
          AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.device_id = $5 AND o.whatsapp_message_id_hash = $3))sql";
    if (send.part == 1) tx.execute(sql, send.message_id, id.enc, id.hash, id.last4, send.device_id);
}

/// An attempt is `sent` by the answer to it; its message follows. Nearly every message is one send, and then one statement says it all.
void note_accepted(Transaction& tx, const Cause& cause, const Send& send, const Sealed& id) {
    mark_sent(tx, send, id, std::nullopt);
    static constexpr std::string_view sql = R"sql(
        UPDATE messages SET status = 'sent', whatsapp_message_id_enc = $2, whatsapp_message_id_hash = $3, whatsapp_message_id_last4 = $4, updated_at = $5
        WHERE id = $1 AND status = 'queued' AND whatsapp_message_id_hash IS NULL AND (SELECT count(*) FROM sends s WHERE s.message_id = $1) = 1
          AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.device_id = $6 AND o.whatsapp_message_id_hash = $3))sql";
    if (tx.execute(sql, send.message_id, id.enc, id.hash, id.last4, tx.now(), send.device_id) == 1) return;
    name_message(tx, send, id);
    note_duplicate(tx, cause, send);
    messages::follow_sends(tx, send.message_id);
}

/// Nothing is wrong with the message when the account is refused or limited, or the provider was not reached: such an attempt does not count.
bool counts_as_attempt(const NotSent& refusal) {
    switch (refusal.why) {
        case RetryClass::throughput:
        case RetryClass::rate_limited:
        case RetryClass::account: return false;
        case RetryClass::transient: return refusal.code != "connect";
        case RetryClass::quality:
        case RetryClass::recipient_limited:
        case RetryClass::permanent: return true;
    }
    return true;
}

/// When a refused send may be tried again; `before`: how often it was refused so already. What keeps the whole account back is noted.
Time again_at(Transaction& tx, const ClaimedSend& claimed, const NotSent& refusal, std::int64_t before, double jitter) {
    std::chrono::microseconds wait{};
    switch (refusal.why) {
        case RetryClass::throughput:
        case RetryClass::rate_limited: return pacing::slow_down(tx, claimed.send.device_id, refusal, claimed.limit_seen, jitter);
        case RetryClass::account: return tx.now();  // as soon as the device may send again
        case RetryClass::permanent: return tx.now();
        case RetryClass::quality:
            pacing::note_quality(tx, claimed.send.device_id);
            wait = grown(60s, 2, before, wait_max, jitter);
            break;
        case RetryClass::recipient_limited: wait = grown(1s, 4, before, wait_max, jitter); break;
        case RetryClass::transient: wait = back_off(tries(claimed.send), jitter);
    }
    if (!counts_as_attempt(refusal)) wait = std::max<std::chrono::microseconds>(wait, unoffered_wait);
    if (refusal.retry_after) wait = std::max<std::chrono::microseconds>(wait, *refusal.retry_after);
    return tx.now() + wait;
}

JsonText error_json(const NotSent& refusal) {
    return JsonText{write_json(Json{{"code", refusal.code}, {"detail", refusal.detail}})};
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

SendId add_parts(Transaction& tx, MessageId message, ConversationId conversation, DeviceId device, const Parts& parts, OnUncertain on_uncertain,
                 const std::optional<LaneHolder>& hand) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, state, lease_no, worker, content, on_uncertain, kind, payload,
                           created_at, updated_at)
        VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $12))sql";
    SendId first;
    for (std::size_t i = 0; i < parts.texts.size(); ++i) {
        const bool claimed = hand && i == 0;
        const auto worker = claimed ? std::optional(hand->worker) : std::nullopt;
        const auto id =
            tx.insert<SendId>(sql, message, conversation, device, static_cast<std::int64_t>(i + 1), claimed ? SendState::claimed : SendState::queued,
                              claimed ? hand->lease_no : 0, worker, parts.texts[i], on_uncertain, parts.kind, parts.payload, tx.now());
        if (i == 0) first = id.value();
    }
    return first;
}

void queue(Transaction& tx, MessageId message, ConversationId conversation, DeviceId device, const Parts& parts, OnUncertain on_uncertain) {
    add_parts(tx, message, conversation, device, parts, on_uncertain, std::nullopt);
    lanes::add(tx, Lane::send, conversation, static_cast<std::int64_t>(parts.texts.size()));
}

void note_no_marketing(Transaction& tx, const Cause& cause, DeviceId device, MessageId message, std::string_view code, Time at) {
    if (!means_no_marketing(code)) return;
    const auto contact = tx.query("SELECT contact_id FROM messages WHERE id = $1", message).one<ContactId>();
    contacts::set_marketing(tx, cause, device, contact, Marketing::stop, at);
}

Send get(Snapshot& db, SendId id) {
    auto found = db.query(id_sql, id).first<Send>();
    if (!found) throw Error(Errc::not_found, "no send " + std::to_string(id.value), "wabot job list shows the ids");
    return std::move(*found);
}

std::optional<SendId> head_of(Snapshot& db, ConversationId id) {
    const auto head = db.query(head_sql, id).first<Send>();
    return head ? std::optional(head->id) : std::nullopt;
}

void queue_again(Transaction& tx, const Send& send, std::int64_t attempt, std::int64_t first_attempt) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, first_attempt, kind, content, payload, on_uncertain, created_at,
                           updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11))sql";
    tx.execute(sql, send.message_id, send.conversation_id, send.device_id, send.part, attempt, first_attempt, send.kind, send.content, send.payload,
               send.on_uncertain, tx.now());
}

void note_duplicate(Transaction& tx, const Cause& cause, const Send& send) {
    static constexpr std::string_view accepted_sql = "SELECT count(*) FROM sends WHERE message_id = $1 AND part = $2 AND state = 'sent'";
    if (tx.query(accepted_sql, send.message_id, send.part).one<std::int64_t>() < 2) return;
    tx.execute("UPDATE sends SET duplicate_at = $2 WHERE id = $1 AND duplicate_at IS NULL", send.id, tx.now());
    changes::record(tx, cause, "send.duplicate", "send", send.id.value, send.device_id.value);
}

std::string opaque_of(const Send& send) {
    return std::to_string(send.message_id.value) + "." + std::to_string(send.part) + "." + std::to_string(send.attempt);
}

int SendCapacity::of(DeviceId device) const {
    const auto own = of_.find(device);
    return std::min(in_all_, own == of_.end() ? of_others_ : own->second);
}

SendCapacity SendCapacity::at_most(int in_all) const {
    SendCapacity out = *this;
    out.in_all_ = std::min(in_all_, in_all);
    return out;
}

void SendCapacity::take(DeviceId device, int count) {
    in_all_ -= count;
    if (of_others_ != std::numeric_limits<int>::max()) of_.try_emplace(device, of_others_).first->second -= count;
}

namespace {

constexpr std::chrono::seconds unread_patience{1};

/// The send that goes next of a lane in our hands, claimed; nothing when none may go now, and the lane is given back.
std::optional<ClaimedSend> take_up(Transaction& tx, const Cause& cause, pacing::Buckets& buckets, const ClaimedLane& lane, WorkerId worker,
                                   const Limits& limits) {
    const auto put_back = [&](Time due_at, std::int64_t done = 0) {
        lanes::finish(tx, Lane::send, lane, done, due_at);
        return std::nullopt;
    };
    auto head = tx.query(head_sql, lane.id).first<Send>();
    if (head && head->state == SendState::uncertain) {
        if (head->uncertain_since > tx.now() + lanes::clock_jump) {  // the clock was ahead then: its window begins now
            tx.execute("UPDATE sends SET uncertain_since = $2, updated_at = $2 WHERE id = $1", head->id, tx.now());
            head->uncertain_since = tx.now();
        }
        const Time window_end = head->uncertain_since.value_or(tx.now()) + limits.uncertain_window;
        if (window_end > tx.now()) return put_back(window_end);
        // The status that says what became of it may have come in time and lie unread.
        if (inbox::waits_since(tx, window_end)) return put_back(tx.now() + unread_patience);
        decide_uncertain(tx, *head, limits.attempts_max);
        head = tx.query(head_sql, lane.id).first<Send>();
    }
    if (!head) {
        put_back(tx.now());
        lanes::recount_sends(tx, lane.id, tx.now());
        return std::nullopt;
    }
    if (tries(*head) > limits.attempts_max) {
        // It was claimed that often and never came to an outcome: it kills its workers.
        fail_for_good(tx, head->id, {"its workers crashed", std::nullopt});
        messages::follow_sends(tx, head->message_id);
        changes::record(tx, cause, "send.failed", "send", head->id.value, head->device_id.value);
        return put_back(tx.now(), 1);
    }
    if (!buckets.take(head->device_id)) return put_back(tx.now());
    tx.execute_deferred("UPDATE sends SET state = 'claimed', lease_no = $2, worker = $3, updated_at = $4 WHERE id = $1", head->id, lane.lease_no,
                        worker, tx.now());
    head->state = SendState::claimed;
    head->lease_no = lane.lease_no;
    auto around = tx.query(surroundings_sql, head->message_id).one<SendSurroundings>();
    auto target = contacts::target_of(tx, around.contact_id, std::move(around.phone_number));
    const std::int64_t revision = buckets.revision(head->device_id);
    const auto limit_seen = buckets.limit_seen(head->device_id);
    return ClaimedSend{lane, std::move(*head), std::move(target), std::move(around.quoted), revision, limit_seen};
}

/// Those that may send and have room, in the order in which buckets are held. Of more than there is room for any, so that none is always left out.
std::vector<DeviceId> devices_to_serve(Transaction& tx, const SendCapacity& room) {
    auto devices = lanes::devices_with_sends(tx, tx.now());
    std::erase_if(devices, [&room](DeviceId device) { return room.of(device) <= 0; });
    const auto most = static_cast<std::size_t>(std::max(0, room.in_all()));
    if (devices.size() <= most) return devices;
    const auto start = tx.now().time_since_epoch().count() % static_cast<std::int64_t>(devices.size());
    std::ranges::rotate(devices, devices.begin() + start);
    devices.resize(most);
    std::ranges::sort(devices);
    return devices;
}

}  // namespace

Claimed claim(Transaction& tx, const Cause& cause, SendCapacity room, Time until, WorkerId worker, const Limits& limits) {
    Claimed out;
    pacing::Buckets buckets(tx);
    const auto devices = devices_to_serve(tx, room);
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const DeviceId device = devices[i];
        const int left = static_cast<int>(devices.size() - i);
        const int share = std::min((room.in_all() + left - 1) / left, room.of(device));
        const int tokens = share > 0 ? buckets.tokens(device) : 0;
        if (tokens <= 0) continue;
        const auto claimed = lanes::claim_sends(tx, device, std::min(share, tokens), until, worker);
        for (const ClaimedLane& lane : claimed) {
            ++out.lanes;
            auto send = take_up(tx, cause, buckets, lane, worker, limits);
            if (!send) continue;
            room.take(device);
            out.sends.push_back(std::move(*send));
        }
        buckets.set_waiting(device, buckets.tokens(device) < 1 && lanes::has_sends(tx, device, tx.now()));
    }
    buckets.save();
    return out;
}

void begin_hand_over(Transaction& tx, const ClaimedSend& claimed, const Bytes& body_hash) {
    static constexpr std::string_view sql = R"sql(
        UPDATE sends SET state = 'handing_over', body_hash = $3, updated_at = $4
        WHERE id = $1 AND state = 'claimed' AND lease_no = $2
          AND conversation_id = (SELECT id FROM conversations WHERE id = $5 AND send_lease_no = $2 AND send_state = 'running' {for_update}))sql";
    if (tx.execute(sql, claimed.send.id, claimed.lane.lease_no, body_hash, tx.now(), claimed.lane.id) != 1)
        throw Error(Errc::stale, "send/" + std::to_string(claimed.send.id.value) + " is now claimed by another worker");
}

void record_sent(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, const Sealed& provider_id) {
    if (!lanes::finish(tx, Lane::send, claimed.lane, 1, tx.now())) {
        if (settle(tx, cause, claimed.send.device_id, opaque_of(claimed.send), provider_id, "late answer"))
            statuses::join_early(tx, claimed.send.device_id, provider_id.hash, claimed.send.message_id);
        return;
    }
    note_accepted(tx, cause, claimed.send, provider_id);
    if (claimed.limit_seen) pacing::forget_limit(tx, claimed.send.device_id, *claimed.limit_seen);
    statuses::join_early(tx, claimed.send.device_id, provider_id.hash, claimed.send.message_id);
}

bool record_refused(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, const NotSent& refusal, const Limits& limits, double jitter) {
    const Send& send = claimed.send;
    if (!lanes::holds(tx, Lane::send, claimed.lane)) return false;
    if (!is_in_hand(state_of(tx, send.id))) {  // settled meanwhile
        lanes::finish(tx, Lane::send, claimed.lane, 1, tx.now());
        return false;
    }
    const std::int64_t before = attempts::times_refused(tx, send.id, refusal.code);
    const bool counts = counts_as_attempt(refusal);
    const bool is_hopeless = refusal.tries_max > 0 && before + 1 >= refusal.tries_max;
    const bool for_good = refusal.why == RetryClass::permanent || (counts && (is_hopeless || tries(send) >= limits.attempts_max));
    const Time due_at = again_at(tx, claimed, refusal, before, jitter);
    const std::string reason = refusal.code + ": " + refusal.detail;

    lanes::finish(tx, Lane::send, claimed.lane, for_good ? 1 : 0, for_good ? tx.now() : due_at);
    if (counts) attempts::note_failed_send(tx, send.id, reason, refusal.code);
    if (for_good) {
        fail_for_good(tx, send.id, {reason, refusal.code});
        messages::follow_sends(tx, send.message_id, error_json(refusal));
        note_no_marketing(tx, cause, send.device_id, send.message_id, refusal.code, tx.now());
        changes::record(tx, cause, "send.failed", "send", send.id.value, send.device_id.value);
        return false;
    }
    const std::int64_t next = counts ? send.attempt + 1 : send.attempt;
    static constexpr std::string_view again_sql =
        "UPDATE sends SET state = 'queued', attempt = $2, last_error = $3, error_code = $4, updated_at = $5 WHERE id = $1";
    tx.execute(again_sql, send.id, next, reason, refusal.code, tx.now());
    if (refusal.why != RetryClass::account) return false;
    // A refusal of credentials that were replaced meanwhile says nothing about the new ones.
    const auto device = devices::hold(tx, send.device_id);
    if (!device || device->revision != claimed.device_revision || device->status == DeviceStatus::error) return false;
    return devices::set_status(tx, cause, send.device_id, DeviceStatus::error, reason);
}

void record_uncertain(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, std::string_view detail, const Limits& limits) {
    const Send& send = claimed.send;
    if (!lanes::holds(tx, Lane::send, claimed.lane)) return;
    const bool settled_meanwhile = !is_in_hand(state_of(tx, send.id));
    lanes::finish(tx, Lane::send, claimed.lane, settled_meanwhile ? 1 : 0, settled_meanwhile ? tx.now() : tx.now() + limits.uncertain_window);
    if (settled_meanwhile) return;
    attempts::note_failed_send(tx, send.id, detail);
    make_uncertain(tx, send.id, detail);
    messages::follow_sends(tx, send.message_id);
    changes::record(tx, cause, "send.uncertain", "send", send.id.value, send.device_id.value);
}

void give_back(Transaction& tx, const ClaimedSend& claimed) {
    if (!lanes::finish(tx, Lane::send, claimed.lane, 0, tx.now())) return;
    tx.execute("UPDATE sends SET state = 'queued', updated_at = $2 WHERE id = $1 AND (state = 'claimed' OR state = 'handing_over')", claimed.send.id,
               tx.now());
}

void refund_attempts(Transaction& tx, const std::vector<ConversationId>& released) {
    for (const ConversationId id : released)
        tx.execute("UPDATE sends SET state = 'queued', updated_at = $2 WHERE conversation_id = $1 AND state = 'claimed'", id, tx.now());
}

void recover_sends(Transaction& tx, const Cause& cause, const std::vector<ConversationId>& released, const Limits& limits) {
    // Not the head: a person may have put an earlier message before the one that its worker held.
    static const std::string held_sql =
        "SELECT " + std::string(columns) + " FROM sends WHERE conversation_id = $1 AND (state = 'claimed' OR state = 'handing_over')";
    for (const ConversationId conversation : released) {
        Time due_at = tx.now();
        for (const Send& held : tx.query(held_sql, conversation).all<Send>()) {
            attempts::note_failed_send(tx, held.id, "its worker stopped");
            if (held.state == SendState::claimed) {
                // Counted: a send that kills its worker must not do so for ever.
                tx.execute("UPDATE sends SET state = 'queued', attempt = attempt + 1, updated_at = $2 WHERE id = $1", held.id, tx.now());
                continue;
            }
            make_uncertain(tx, held.id, "its worker stopped");
            messages::follow_sends(tx, held.message_id);
            changes::record(tx, cause, "send.uncertain", "send", held.id.value, held.device_id.value);
            due_at = tx.now() + limits.uncertain_window;
        }
        lanes::recount_sends(tx, conversation, due_at);
    }
}

bool settle(Transaction& tx, const Cause& cause, DeviceId device, std::string_view callback_token, const Sealed& provider_id, std::string_view by,
            bool arrived) {
    const auto first = callback_token.find('.');
    const auto second = callback_token.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return false;
    const auto message = number(callback_token.substr(0, first));
    const auto part = number(callback_token.substr(first + 1, second - first - 1));
    const auto attempt = number(callback_token.substr(second + 1));
    if (!message || !part || !attempt) return false;
    static constexpr std::string_view lock_sql =
        "SELECT id FROM conversations WHERE id = (SELECT conversation_id FROM messages WHERE id = $1 AND device_id = $2) {for_update}";
    if (tx.query(lock_sql, *message, device).empty()) return false;
    const auto send = tx.query(attempt_sql, device, *message, *part, *attempt).first<Send>();
    if (!send) return false;
    const bool was_sent = send->state == SendState::sent;
    mark_sent(tx, *send, provider_id, was_sent ? std::nullopt : std::optional(std::string(by)));
    name_message(tx, *send, provider_id);
    if (was_sent) return true;
    // It has arrived after all: what was queued to repeat it need not go.
    static constexpr std::string_view cancel_sql = R"sql(
        UPDATE sends SET state = 'cancelled', settled_by = $5, updated_at = $4
        WHERE message_id = $1 AND part = $2 AND attempt > $3 AND (state = 'queued' OR state = 'claimed'))sql";
    if (arrived) tx.execute(cancel_sql, send->message_id, send->part, send->attempt, tx.now(), by);
    note_duplicate(tx, cause, *send);
    messages::follow_sends(tx, send->message_id);
    lanes::recount_sends(tx, send->conversation_id, tx.now());
    return true;
}

}  // namespace wabot::sends
