#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/changes/changes.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// What a person may want to watch apart from the rest.
WABOT_ENUM(Topic, webhooks, messages, jobs, devices, contacts)

/// One thing that happened, in a line. Holds no message text and no whole number.
struct ActivityEvent {
    Time at;
    std::string kind;                   // "webhook.received", "message.received", "turn.no_reply", "send.sent", "device.updated", ...
    std::optional<std::string> device;  // its key
    std::string object;                 // "event/7", "message/12", "send/81"
    std::string what;
};
WABOT_DESCRIBE(ActivityEvent, FIELD(at), FIELD(kind), FIELD(device), FIELD(object), FIELD(what))

/// The topic a kind belongs to, by its first word.
Topic topic_of(std::string_view kind);

struct FeedWebhook;

/// The activity feed, from the changes, the inbox and the sends of the messages that were seen: what can be computed when the feed is read is not
/// written down when it happens. All of it blocking, inside `Database::read`.
class Feed {
public:
    struct Filter {
        std::vector<Topic> topics;  // empty = all
        DeviceId device;            // 0 = any
        std::function<bool(const ActivityEvent&)> fits = [](const ActivityEvent&) { return true; };
    };
    explicit Feed(Filter filter) : filter_(std::move(filter)) {}

    /// The last `count` happenings, oldest first. `next` goes on behind them.
    std::vector<ActivityEvent> last(Snapshot& db, std::size_t count);

    struct News {
        std::vector<ActivityEvent> events;
        std::int64_t lost = 0;  // removed before they were read here
        bool more = false;      // not all of it was read: ask again at once
    };
    News next(Snapshot& db);

private:
    struct LastShown {  // the last that was said of a send
        std::string state;
        std::int64_t attempt = 0;
        bool operator==(const LastShown&) const = default;
    };

    bool wants(Topic topic) const;
    void add(std::vector<ActivityEvent>& out, ActivityEvent&& event) const;
    std::optional<std::string> key_of(Snapshot& db, std::int64_t device);
    bool concerns(std::int64_t device) const;
    void tell_changes(Snapshot& db, const std::vector<Change>& changes, std::vector<ActivityEvent>& out);
    void tell_sends(Snapshot& db, std::vector<ActivityEvent>& out);

    void tell_webhooks(Snapshot& db, const std::vector<FeedWebhook>& webhooks, std::vector<ActivityEvent>& out);

    Filter filter_;
    Cursor changes_, webhooks_;
    std::map<std::int64_t, std::string> keys_;
    std::map<std::int64_t, std::map<std::int64_t, LastShown>> watched_;  // the sends of the messages that are on their way
};

}  // namespace wabot
