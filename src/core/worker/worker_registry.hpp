#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/cause.hpp"
#include "core/database/transaction.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/queue/pauses.hpp"

namespace wabot {

/// A process that works, and on what.
struct WorkerProcess {
    WorkerId id;
    std::string host;
    std::int64_t pid;
    std::string boot_id;
    std::int64_t start_ticks;
    std::string queues;
    Time started_at;
    Time seen_at;
};
WABOT_DESCRIBE(WorkerProcess, FIELD(id, .key = true), FIELD(host), FIELD(pid), FIELD(boot_id, .wide = true), FIELD(start_ticks, .wide = true),
               FIELD(queues), FIELD(started_at), FIELD(seen_at))

namespace workers {

/// Who was silent for longer is taken to be gone; a worker speaks four times as often.
inline constexpr std::chrono::seconds silence_max{60};

/// "inbox,turn": the queues of a worker as its row has them.
std::string names_of(std::span<const QueueName> queues);

/// What tells processes apart: a pid alone is used again, and means another process in another container.
struct Identity {
    std::string host;
    std::int64_t pid;
    std::string boot_id;       // of the machine, and the pid namespace
    std::int64_t start_ticks;  // since boot, field 22 of /proc/<pid>/stat
};
Identity this_process();

/// Enters this process, and first releases what dead processes of this host held: their turns and claimed sends at once, what they were handing
/// over as uncertain.
WorkerId enter(Transaction& tx, const Cause& cause, const Identity& process, std::string_view queues, const sends::Limits& limits);
/// Only the first half of `enter`, for a process that has no workers.
void release_dead(Transaction& tx, const Cause& cause, const Identity& process, const sends::Limits& limits);
/// Says that it lives, and enters it again under its id when it was taken for gone meanwhile, as after a long sleep of the machine.
void heartbeat(Transaction& tx, WorkerId worker, std::string_view queues);
/// Gives back what it still holds and leaves.
void leave(Transaction& tx, const Cause& cause, WorkerId worker, const sends::Limits& limits);
/// Releases what expired, no matter which worker held it, forgets workers that were not seen for an hour, and corrects times that a clock ahead of
/// the right one has set.
void reclaim(Transaction& tx, const Cause& cause, const sends::Limits& limits);

std::vector<WorkerProcess> list(Snapshot& db);

/// How many workers run, and which queues have none. Of jobs that is noted only when some are due: they can wait, messages cannot.
struct Attendance {
    std::size_t at_work = 0;
    std::vector<QueueName> unattended;
};
Attendance attendance(Snapshot& db);
/// "no worker is running on turn,send", and the way out.
std::string what_is_missing(const Attendance& attendance);
std::string way_out(const Attendance& attendance);

}  // namespace workers

}  // namespace wabot
