#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"
#include "core/queue/pauses.hpp"

namespace wabot {

/// An attempt at a turn, a send or a job that came to nothing.
struct FailedAttempt {
    std::int64_t attempt;
    std::optional<WorkerId> worker;
    Time began_at;  // claimed; of a send, handed over
    Time failed_at;
    std::string error;
    std::optional<std::string> error_code;  // of a send that was refused: the provider's, or ours for what never reached it
};
WABOT_DESCRIBE(FailedAttempt, FIELD(attempt, .key = true), FIELD(worker), FIELD(began_at), FIELD(failed_at), FIELD(error), FIELD(error_code))

/// The record of what failed. The attempt under way, and the one that succeeded, stand on the rows themselves.
namespace attempts {

/// To be called before the row is changed, which still says which attempt it is, since when and whose.
void note_failed_turn(Transaction& tx, TurnId turn, std::string_view error);
void note_failed_send(Transaction& tx, SendId send, std::string_view error, const std::optional<std::string>& code = std::nullopt);
void note_failed_job(Transaction& tx, JobId job, std::string_view error);
/// The open turns of these lanes, whose worker is gone.
void note_lost_turns(Transaction& tx, const std::vector<ConversationId>& released);

/// How often a send was refused with this code, by attempts that count.
std::int64_t times_refused(Snapshot& db, SendId send, std::string_view code);

/// Oldest first, the last 100.
std::vector<FailedAttempt> list(Snapshot& db, QueueName queue, std::int64_t id);

}  // namespace attempts

}  // namespace wabot
