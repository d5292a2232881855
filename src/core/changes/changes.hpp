#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/changes/feed_cursor.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// One thing that happened and that a person may want to watch; the feed behind live views.
struct Change {
    std::int64_t id;
    std::string kind;         // "device.created", "message.received", "send.uncertain", ...
    std::string object_type;  // "device", "message", ...
    std::int64_t object_id;
    std::optional<std::int64_t> device_id;
    std::string actor_kind;  // of Actor
    std::string actor;
    std::string request_id;
    Time created_at;
};
WABOT_DESCRIBE(Change, FIELD(id, .key = true), FIELD(kind), FIELD(object_type), FIELD(object_id), FIELD(device_id), FIELD(actor_kind, .wide = true),
               FIELD(actor), FIELD(request_id, .wide = true), FIELD(created_at))

namespace changes {

/// Appends to the feed, in the unit that makes the change, and to the audit draft of the command that makes it. `device_id` 0: concerns no device;
/// `object_id` 0: `object_type` is a name, of what stands before the dot of `kind`.
void record(Transaction& tx, const Cause& cause, std::string_view kind, std::string_view object_type, std::int64_t object_id,
            std::int64_t device_id = 0);

/// Behind the newest row, which is never removed.
Cursor end(Snapshot& db);
/// What came after `after`, at most `limit` rows.
FeedPart<Change> read(Snapshot& db, const Cursor& after, int limit);
/// The last `limit` rows up to `place`, oldest first.
std::vector<Change> read_back(Snapshot& db, const Cursor& place, int limit);
/// Before one that was read.
Cursor before(Snapshot& db, const Change& change);

}  // namespace changes

}  // namespace wabot
