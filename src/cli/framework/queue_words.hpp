#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/operations/queue_stats.hpp"

namespace wabot::cli {

/// What a queue calls one of the things in it, and many.
struct QueueWords {
    std::string_view one, many;
};
QueueWords words_of_queue(QueueName name);

/// "1 webhook, 0 messages, 3 sends, 0 jobs"
std::string depths_of(const std::vector<QueueRow>& rows);

}  // namespace wabot::cli
