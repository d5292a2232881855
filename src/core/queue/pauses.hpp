#pragma once

#include <string>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// The kinds of work that workers take; each can be paused.
WABOT_ENUM(QueueName, inbox, turn, send, job)
inline constexpr QueueName all_queues[] = {QueueName::inbox, QueueName::turn, QueueName::send, QueueName::job};

/// A queue that someone stopped.
struct Pause {
    QueueName name;
    Time paused_at;
    std::string paused_by;
};
WABOT_DESCRIBE(Pause, FIELD(name, .key = true), FIELD(paused_at), FIELD(paused_by))

namespace pauses {

/// No worker claims from the queue until it is resumed, across restarts; what is in flight comes to its end. False when that is so already.
bool pause(Transaction& tx, const Cause& cause, QueueName queue);
/// False when the queue is not paused.
bool resume(Transaction& tx, const Cause& cause, QueueName queue);

std::vector<Pause> list(Snapshot& db);

}  // namespace pauses

}  // namespace wabot
