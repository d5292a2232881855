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
WABOT_DESCRIBE(QueueRow, FIELD(name, .key = true), FIELD(depth, .doc = "Number waiting: webhooks, messages to answer, sends, jobs"),
               FIELD(due, .doc = "Number ready to run now: webhooks, conversations, jobs"),
               FIELD(oldest, .doc = "When the oldest of these became due"), FIELD(running), FIELD(retrying),
               FIELD(dead, .doc = "Dead letters: failed after all attempts; inbox: bodies that could not be read"),
               FIELD(uncertain, .doc = "Sends that may have arrived; wabot settles them"),
               FIELD(held, .doc = "Waits for an operator; inbox: bodies for no known device"), FIELD(paused_since), FIELD(paused_by, .wide = true))

namespace queues {

/// Every queue, in the order in which a message passes them.
std::vector<QueueRow> list(Snapshot& db);

}  // namespace queues

}  // namespace wabot
