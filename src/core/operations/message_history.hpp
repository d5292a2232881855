#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// One step of what became of a message.
struct HistoryStep {
    Time at;
    std::string what;    // received, answered, not answered, queued, sent, delivered, ..., waiting
    std::string detail;  // who, which attempt, why
};
WABOT_DESCRIBE(HistoryStep, FIELD(at), FIELD(what), FIELD(detail))

struct History {
    std::vector<HistoryStep> steps;
    bool is_final = false;  // nothing more is bound to come: answered or not, delivered, failed, held
};

namespace messages {

/// What became of a message so far, and what it waits for if it does. `uncertain_window` is that of the workers. Error{not_found}.
History history_of(Snapshot& db, MessageId id, std::chrono::milliseconds uncertain_window);

}  // namespace messages

}  // namespace wabot
