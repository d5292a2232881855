#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/cause.hpp"
#include "core/database/database.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/sends.hpp"

namespace wabot {

/// A process that works on turns and sends.
struct WorkerRow {
    WorkerId id;
    std::string host;
    std::int64_t pid;
    std::string boot_id;
    std::int64_t start_ticks;
    std::string queues;
    Time started_at;
    Time seen_at;
};
WABOT_DESCRIBE(WorkerRow, FIELD(id, .key = true), FIELD(host), FIELD(pid), FIELD(boot_id, .wide = true), FIELD(start_ticks, .wide = true),
               FIELD(queues), FIELD(started_at), FIELD(seen_at))

namespace workers {

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
/// Says that it lives.
void heartbeat(Transaction& tx, WorkerId worker);
/// Gives back what it still holds and leaves.
void leave(Transaction& tx, const Cause& cause, WorkerId worker, const sends::Limits& limits);
/// Releases what expired, whoever held it, and forgets workers that were not seen for an hour.
void rescue(Transaction& tx, const Cause& cause, const sends::Limits& limits);

std::vector<WorkerRow> list(Snapshot& db);

}  // namespace workers

}  // namespace wabot
