#include "core/operations/activity_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <ranges>

#include "core/base/text.hpp"
#include "core/messaging/sending/statuses.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr int part_max = 500;
constexpr int looked_back_max = 10'000;     // rows, for the last few that fit a narrow filter
constexpr std::size_t watched_max = 2'000;  // messages on their way; the oldest are forgotten
constexpr auto unread_patience = 2s;        // a webhook is told when it was read, or is not for so long

struct TopicOfKind {
    std::string_view word;
    Topic topic;
};
constexpr TopicOfKind topics_of_kinds[] = {
    {"webhook", Topic::webhooks},
    {"event", Topic::webhooks},
    {"message", Topic::messages},
    {"turn", Topic::jobs},
    {"send", Topic::jobs},
    {"job", Topic::jobs},
    {"queue", Topic::jobs},
    {"worker", Topic::jobs},
    {"contact", Topic::contacts},
    {"device", Topic::devices},
    {"conversation", Topic::contacts},
    {"agent", Topic::devices},
    {"ignore_rule", Topic::devices},
    {"account", Topic::devices},
};

}  // namespace

/// A webhook as it is told.
struct FeedWebhook {
    InboxId id;
    std::string kind;
    std::string state;
    std::optional<std::string> error;
    std::optional<std::int64_t> device_id;
    Time received_at;
    std::int64_t messages;
    std::int64_t statuses;
    std::int64_t others;
    std::int64_t duplicates;
};
WABOT_DESCRIBE(FeedWebhook, FIELD(id), FIELD(kind), FIELD(state), FIELD(error), FIELD(device_id), FIELD(received_at), FIELD(messages),
               FIELD(statuses), FIELD(others), FIELD(duplicates))

struct ToldMessage {
    std::string direction;
    std::string sender_kind;
    std::string message_type;
    std::string contact_last4;
    std::optional<std::string> agent;
    std::optional<std::string> reason;
    std::optional<MessageId> answers;
};
WABOT_DESCRIBE(ToldMessage, FIELD(direction), FIELD(sender_kind), FIELD(message_type), FIELD(contact_last4), FIELD(agent), FIELD(reason),
               FIELD(answers))

struct ToldTurn {
    MessageId last_message_id;
    std::int64_t attempt;
    std::optional<std::string> reason;
    std::optional<std::string> last_error;
};
WABOT_DESCRIBE(ToldTurn, FIELD(last_message_id), FIELD(attempt), FIELD(reason), FIELD(last_error))

struct ToldSend {
    SendId id;
    MessageId message_id;
    DeviceId device_id;
    std::int64_t part;
    std::int64_t attempt;
    std::string state;
    std::optional<std::string> last_error;
    Time created_at;
    Time updated_at;

    bool is_final() const { return state == "sent" || state == "failed" || state == "held" || state == "cancelled"; }
};
WABOT_DESCRIBE(ToldSend, FIELD(id), FIELD(message_id), FIELD(device_id), FIELD(part), FIELD(attempt), FIELD(state), FIELD(last_error),
               FIELD(created_at), FIELD(updated_at))

namespace {

std::string tell_message(Snapshot& db, const Change& change) {
    static constexpr std::string_view sql = R"sql(
        SELECT m.direction, m.sender_kind, m.message_type, COALESCE(k.contact_jid_last4, '') AS contact_last4, a.key AS agent, t.reason,
               t.last_message_id AS answers
        FROM messages m LEFT JOIN contacts k ON k.id = m.contact_id LEFT JOIN agents a ON a.id = m.agent_id
             LEFT JOIN turns t ON t.reply_message_id = m.id
        WHERE m.id = $1 LIMIT 1)sql";
    const auto message = db.query(sql, change.object_id).first<ToldMessage>();
    if (!message) return "gone";
    const std::string person = std::string(mask) + message->contact_last4;
    if (message->direction == "incoming") return fmt::format("{} from {}", message->message_type, person);
    if (change.kind == "message.echoed") return fmt::format("{} to {}, sent from another application", message->message_type, person);
    if (message->sender_kind != "agent") return fmt::format("{} to {}, by {}", message->message_type, person, change.actor);
    std::string out = fmt::format("reply to {} by {}", person, message->agent.value_or("a deleted agent"));
    if (message->answers) out += fmt::format(", answers message/{}", message->answers->value);
    return message->reason ? out + ": " + *message->reason : out;
}

/// The status that this unit stored.
std::string tell_status(Snapshot& db, const Change& change) {
    const auto status = statuses::find_stored(db, MessageId{change.object_id}, change.created_at);
    if (!status) return "";
    const auto error = status->error();
    return error ? fmt::format("{}: {}", status->status, *error) : status->status;
}

std::string tell_turn(Snapshot& db, const Change& change) {
    static constexpr std::string_view sql = "SELECT last_message_id, attempt, reason, last_error FROM turns WHERE id = $1";
    const auto turn = db.query(sql, change.object_id).first<ToldTurn>();
    if (!turn) return "gone";
    const auto why = turn->last_error ? turn->last_error : turn->reason;
    return fmt::format("message/{}: {}{}", turn->last_message_id.value, why.value_or("no reason"),
                       turn->attempt > 1 ? fmt::format(" (attempt {})", turn->attempt) : "");
}

std::string tell_send(const ToldSend& send) {
    return fmt::format("message/{} part {} attempt {}{}", send.message_id.value, send.part, send.attempt,
                       send.last_error ? ": " + *send.last_error : "");
}

constexpr std::string_view send_columns = "id, message_id, device_id, part, attempt, state, last_error, created_at, updated_at";

std::string tell_send(Snapshot& db, const Change& change) {
    static const std::string sql = fmt::format("SELECT {} FROM sends WHERE id = $1", send_columns);
    const auto send = db.query(sql, change.object_id).first<ToldSend>();
    return send ? tell_send(*send) : "gone";
}

std::string tell_device(Snapshot& db, const Change& change) {
    if (change.kind != "device.error") return "by " + change.actor;
    const auto why = db.query("SELECT COALESCE(last_error, '') FROM devices WHERE id = $1", change.object_id).first<std::string>();
    return why.value_or("");
}

std::string tell_account_event(Snapshot& db, const Change& change) {
    const auto event = db.query("SELECT COALESCE(event, '') FROM account_events WHERE id = $1", change.object_id).first<std::string>();
    return event.value_or("gone");
}

std::string tell(Snapshot& db, const Change& change) {
    if (change.kind == "webhook.refused") return "its signature does not match";
    if (change.kind == "message.status") return tell_status(db, change);
    if (change.object_type == "message") return tell_message(db, change);
    const bool is_of_person = change.actor_kind != "system";
    const auto with_actor = [&](std::string what) { return is_of_person ? fmt::format("{}, by {}", what, change.actor) : what; };
    if (change.object_id == 0) return "by " + change.actor;
    if (change.object_type == "turn") return with_actor(tell_turn(db, change));
    if (change.object_type == "send") return with_actor(tell_send(db, change));
    if (change.object_type == "device") return tell_device(db, change);
    if (change.object_type == "account_event") return tell_account_event(db, change);
    return "by " + change.actor;
}

std::string tell_webhook(const FeedWebhook& webhook) {
    std::string out;
    const auto count = [&](std::int64_t n, std::string_view one, std::string_view many) {
        if (n > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, n == 1 ? one : many);
    };
    count(webhook.messages, "message", "messages");
    count(webhook.statuses, "status", "statuses");
    count(webhook.others, "notice", "notices");
    count(webhook.duplicates, "double dropped", "doubles dropped");
    if (webhook.state == "received") out = "not read yet";
    if (webhook.error) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", webhook.state, *webhook.error);
    return out.empty() ? "nothing in it" : out;
}

constexpr std::string_view webhook_select = R"sql(
    SELECT i.id, i.kind, i.state, i.error, i.received_at,
           COALESCE(i.device_id, (SELECT min(t.device_id) FROM inbox_items t WHERE t.inbox_id = i.id)) AS device_id,
           (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id AND t.kind = 'message') AS messages,
           (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id AND t.kind = 'status') AS statuses,
           (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id AND t.kind NOT IN ('message', 'status')) AS others,
           (SELECT count(*) FROM inbox_items t WHERE t.inbox_id = i.id AND t.state = 'duplicate') AS duplicates
    FROM inbox i)sql";

/// Leaves out what is about to be read, and all behind it: it is told when there is something to tell.
void cut_unread(std::vector<FeedWebhook>& webhooks, Time now) {
    const auto waits = [now](const FeedWebhook& webhook) { return webhook.state == "received" && now - webhook.received_at < unread_patience; };
    webhooks.erase(std::ranges::find_if(webhooks, waits), webhooks.end());
}

void sort_by_time(std::vector<ActivityEvent>& events) {
    std::ranges::stable_sort(events, {}, &ActivityEvent::at);
}

}  // namespace

Topic topic_of(std::string_view kind) {
    const auto found = std::ranges::find(topics_of_kinds, kind.substr(0, kind.find('.')), &TopicOfKind::word);
    return found == std::end(topics_of_kinds) ? Topic::devices : found->topic;
}

bool Feed::wants(Topic topic) const {
    return filter_.topics.empty() || std::ranges::find(filter_.topics, topic) != filter_.topics.end();
}

bool Feed::concerns(std::int64_t device) const {
    return !filter_.device || filter_.device.value == device;
}

void Feed::add(std::vector<ActivityEvent>& out, ActivityEvent&& event) const {
    if (filter_.fits(event)) out.push_back(std::move(event));
}

std::optional<std::string> Feed::key_of(Snapshot& db, std::int64_t device) {
    if (device == 0) return std::nullopt;
    if (const auto known = keys_.find(device); known != keys_.end()) return known->second;
    auto key = db.query("SELECT key FROM devices WHERE id = $1", device).first<std::string>();
    if (key) keys_[device] = *key;
    return key;
}

void Feed::tell_changes(Snapshot& db, const std::vector<Change>& changes, std::vector<ActivityEvent>& out) {
    for (const Change& change : changes) {
        const std::int64_t device = change.device_id.value_or(0);
        if (!concerns(device)) continue;
        if (change.kind == "message.queued" && wants(Topic::jobs)) watched_[change.object_id];
        if (!wants(topic_of(change.kind))) continue;
        std::string object = change.object_id == 0 ? change.object_type : fmt::format("{}/{}", change.object_type, change.object_id);
        add(out, {change.created_at, change.kind, key_of(db, device), std::move(object), tell(db, change)});
    }
    while (watched_.size() > watched_max) watched_.erase(watched_.begin());
}

void Feed::tell_sends(Snapshot& db, std::vector<ActivityEvent>& out) {
    if (watched_.empty()) return;
    static const std::string sql =
        fmt::format("SELECT {} FROM sends WHERE message_id BETWEEN $1 AND $2 ORDER BY message_id, part, attempt LIMIT $3", send_columns);
    constexpr int sends_max = 10'000;
    const auto sends = db.query(sql, watched_.begin()->first, watched_.rbegin()->first, sends_max).all<ToldSend>();
    std::map<std::int64_t, bool> is_over;
    for (const ToldSend& send : sends) {
        const auto watched = watched_.find(send.message_id.value);
        if (watched == watched_.end()) continue;
        is_over.try_emplace(send.message_id.value, true).first->second &= send.is_final();
        const LastShown now{send.state, send.attempt};
        if (std::exchange(watched->second[send.id.value], now) == now) continue;
        const bool is_repeat = send.state == "queued" && send.attempt > 1;
        // That it failed or is uncertain stands among the changes.
        if (!is_repeat && send.state != "sent" && send.state != "held" && send.state != "cancelled") continue;
        std::string what = tell_send(send);
        if (send.state == "sent")
            what += fmt::format(", {:.1f} s after it was queued", std::chrono::duration<double>(send.updated_at - send.created_at).count());
        add(out, {send.updated_at, is_repeat ? "send.retry" : "send." + send.state, key_of(db, send.device_id.value),
                  fmt::format("send/{}", send.id.value), std::move(what)});
    }
    for (const auto& [message, over] : is_over)
        if (over) watched_.erase(message);
}

void Feed::tell_webhooks(Snapshot& db, const std::vector<FeedWebhook>& webhooks, std::vector<ActivityEvent>& out) {
    for (const FeedWebhook& webhook : webhooks) {
        if (!concerns(webhook.device_id.value_or(0))) continue;
        add(out, {webhook.received_at, "webhook." + (webhook.state == "done" ? "received" : webhook.state), key_of(db, webhook.device_id.value_or(0)),
                  fmt::format("event/{}", webhook.id.value), tell_webhook(webhook)});
    }
}

std::vector<ActivityEvent> Feed::last(Snapshot& db, std::size_t count) {
    changes_ = changes::end(db);
    webhooks_ = cursors::end(db, "inbox");
    std::vector<ActivityEvent> out;
    const auto put_before = [&out](std::vector<ActivityEvent>&& earlier) {
        earlier.insert(earlier.end(), std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()));
        out = std::move(earlier);
    };
    Cursor at = changes_;
    for (int looked = 0; out.size() < count && looked < looked_back_max;) {
        const std::vector<Change> rows = changes::read_back(db, at, part_max);
        if (rows.empty()) break;
        looked += static_cast<int>(rows.size());
        at = changes::before(db, rows.front());
        std::vector<ActivityEvent> told;
        tell_changes(db, rows, told);
        put_before(std::move(told));
    }
    tell_sends(db, out);

    at = webhooks_;
    std::size_t told_webhooks = 0;
    for (int looked = 0; wants(Topic::webhooks) && told_webhooks < count && looked < looked_back_max;) {
        auto rows = db.query(cursors::sql_up_to(webhook_select), at.transaction, at.id, part_max).all<FeedWebhook>();
        if (rows.empty()) break;
        std::ranges::reverse(rows);
        looked += static_cast<int>(rows.size());
        at = cursors::before(db, "inbox", rows.front().id.value);
        const auto before = rows.size();
        cut_unread(rows, db.now());
        if (rows.size() < before) webhooks_ = rows.empty() ? at : cursors::behind(db, "inbox", rows.back().id.value);
        std::vector<ActivityEvent> told;
        tell_webhooks(db, rows, told);
        told_webhooks += told.size();
        put_before(std::move(told));
    }
    sort_by_time(out);
    if (out.size() > count) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
    return out;
}

Feed::News Feed::next(Snapshot& db) {
    News news;
    keys_.clear();  // a device may have another key by now
    const FeedPart<Change> part = changes::read(db, changes_, part_max);
    news.lost = part.lost;
    news.more = part.rows.size() == part_max;
    tell_changes(db, part.rows, news.events);
    tell_sends(db, news.events);
    std::vector<FeedWebhook> webhooks;
    if (wants(Topic::webhooks))
        webhooks = db.query(cursors::sql_after(webhook_select), webhooks_.transaction, webhooks_.id, part_max).all<FeedWebhook>();
    cut_unread(webhooks, db.now());
    news.more = news.more || webhooks.size() == part_max;
    tell_webhooks(db, webhooks, news.events);
    sort_by_time(news.events);

    changes_ = part.next;
    if (!webhooks.empty()) webhooks_ = cursors::behind(db, "inbox", webhooks.back().id.value);
    return news;
}

}  // namespace wabot
