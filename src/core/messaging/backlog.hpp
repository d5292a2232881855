#pragma once

#include <cstdint>
#include <optional>

#include "core/base/describe.hpp"
#include "core/database/database.hpp"

namespace wabot {

/// What waits, and what waits for a person.
struct Backlog {
    std::int64_t received;       // webhooks not read yet
    std::int64_t quarantined;    // webhooks that could not be read
    std::int64_t unrouted;       // webhooks for no device
    std::int64_t turns;          // conversations with messages that wait for an answer
    std::int64_t dead_turns;     // messages given up on, after all attempts
    std::int64_t sends;          // on their way or waiting
    std::int64_t uncertain;      // may have arrived
    std::int64_t held;           // may have arrived; nothing happens until someone says so
    std::int64_t failed;         // refused for good
    std::optional<Time> oldest;  // when the oldest webhook that was not read came in
};
WABOT_DESCRIBE(Backlog, FIELD(received), FIELD(quarantined), FIELD(unrouted), FIELD(turns), FIELD(dead_turns), FIELD(sends), FIELD(uncertain),
               FIELD(held), FIELD(failed), FIELD(oldest))

Backlog backlog_of(Snapshot& db);

}  // namespace wabot
