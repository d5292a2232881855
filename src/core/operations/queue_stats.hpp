#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/database/transaction.hpp"
#include "core/queue/pauses.hpp"

namespace wabot {

/// How one kind of work stands.
struct QueueRow {
    QueueName name;
    std::int64_t depth;          // what waits
    std::int64_t due;            // of it, what could be taken now: webhooks, conversations, jobs
    std::optional<Time> oldest;  // since when the longest waiting of these has been due
    std::int64_t running;
    std::int64_t retrying;
    std::int64_t dead;
    std::int64_t uncertain;
    std::int64_t held;
    std::optional<Time> paused_since;
    std::optional<std::string> paused_by;
};
WABOT_DESCRIBE(QueueRow, FIELD(name, .key = true), FIELD(depth, .doc = "What waits: webhooks, messages to answer, sends, jobs"),
               FIELD(due, .doc = "What could be taken now: webhooks, conversations, jobs"),
               FIELD(oldest, .doc = "Since when the longest waiting of these has been due"), FIELD(running), FIELD(retrying),
               FIELD(dead, .doc = "Given up on after all attempts; of the inbox, bodies that could not be read"),
               FIELD(uncertain, .doc = "May have arrived; settles by itself"),
               FIELD(held, .doc = "Waits for a person; of the inbox, bodies for no device here"), FIELD(paused_since), FIELD(paused_by, .wide = true))

namespace queues {

/// Every queue, in the order in which a message passes them.
std::vector<QueueRow> list(Snapshot& db);

}  // namespace queues

}  // namespace wabot
