#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

WABOT_ENUM(JobState, ready, running, done, dead, held, cancelled)

/// A job in our hands; `lease_no` fences every later write.
struct ClaimedJob {
    JobId id;
    std::string kind;
    std::int64_t version;
    JsonText payload;
    std::int64_t attempt;
    std::int64_t lease_no;
};
WABOT_DESCRIBE(ClaimedJob, FIELD(id, .key = true), FIELD(kind), FIELD(version), FIELD(payload), FIELD(attempt), FIELD(lease_no))

/// Work of our own that keeps no order: each job is a lane of its own. README.md has the states.
namespace jobs {

inline constexpr std::int64_t attempts_max = 20;

struct New {
    std::string_view kind;
    std::int64_t version = 1;
    std::string payload = "{}";             // holds no number and no secret: it is shown
    std::optional<std::string> unique_key;  // a second job with it is not added, as long as the first is kept
    std::optional<Time> due_at;             // now
};

/// Nothing when a job of that unique key is there.
std::optional<JobId> enqueue(Transaction& tx, const New& job);

/// Whether anything is due: worth a claim.
bool any_due(Snapshot& db, Time now);

/// Whether there is a handler of that kind and version.
using IsKnown = std::function<bool(std::string_view kind, std::int64_t version)>;

/// Takes up to `limit` jobs that are due, longest first. One that `is_known` does not know is held, one that was claimed too often
/// without an end is dead; neither is given out.
std::vector<ClaimedJob> claim(Transaction& tx, const Cause& cause, const IsKnown& is_known, int limit, Time until, WorkerId worker);

/// Its effect is there. A fenced end changes nothing.
void finish(Transaction& tx, const ClaimedJob& job);
/// Again after a back-off, or dead after its last attempt. `jitter` in [0, 1).
void fail(Transaction& tx, const Cause& cause, const ClaimedJob& job, std::string_view error, double jitter);
/// A longer lease, as long as the job is ours.
void extend(Transaction& tx, const ClaimedJob& job, Time until);

/// Makes ready again what expired before now: the attempt counts.
void reclaim_expired(Transaction& tx);
/// Jobs that wait since the clock was ahead wait as long as was meant, counted from now. At most 100.
void correct_due_times(Transaction& tx);
/// The same for what `worker` held.
void reclaim_worker(Transaction& tx, WorkerId worker);
/// What `worker` held goes back as it was: the attempt does not count.
void give_back(Transaction& tx, WorkerId worker);

}  // namespace jobs

}  // namespace wabot
