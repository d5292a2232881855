#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/database/database.hpp"

namespace wabot {

/// One thing that happened and that a person may want to watch; the feed behind live views.
struct Change {
    std::int64_t id;
    std::string kind;         // "device.created", "message.received", "send.uncertain", ...
    std::string object_type;  // "device", "message", ...
    std::int64_t object_id;
    std::optional<std::int64_t> device_id;
    std::string actor;
    std::string request_id;
    Time created_at;
};
WABOT_DESCRIBE(Change, FIELD(id, .key = true), FIELD(kind), FIELD(object_type), FIELD(object_id), FIELD(device_id), FIELD(actor),
               FIELD(request_id, .wide = true), FIELD(created_at))

/// A place in a feed: behind everything that was read. What it is made of is the business of those who read feeds.
struct Cursor {
    std::int64_t id = 0;
    bool operator==(const Cursor&) const = default;
};

/// A part of a feed, oldest first.
template <class Row>
struct FeedPart {
    std::vector<Row> rows;
    Cursor next;            // behind the last row
    std::int64_t lost = 0;  // at most so many rows before the first were removed before anybody read them here
};

namespace changes {

/// Appends to the feed, in the unit that makes the change. `device_id` 0: concerns no device.
void record(Transaction& tx, const Cause& cause, std::string_view kind, std::string_view object_type, std::int64_t object_id,
            std::int64_t device_id = 0);

/// Behind the newest row, which is never removed.
Cursor end(Snapshot& db);
/// What came after `after`, at most `limit` rows.
FeedPart<Change> read(Snapshot& db, const Cursor& after, int limit);
/// The last `limit` rows before `before`, oldest first.
std::vector<Change> read_back(Snapshot& db, const Cursor& before, int limit);

}  // namespace changes

}  // namespace wabot
