#include "core/worker/worker_registry.hpp"

#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "core/changes/changes.hpp"
#include "core/changes/feed_cursor.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/jobs.hpp"

namespace wabot::workers {

namespace {

using namespace std::chrono_literals;

/// When the process began; 0 when there is none, or it is dead.
std::int64_t start_ticks_of(std::int64_t pid) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
    // The name, in brackets, may hold anything; field 3 begins behind the last one.
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(line.substr(name_end + 1));
    std::string word;
    fields >> word;
    if (word == "Z" || word == "X") return 0;  // dead, and its parent has not read its exit code
    for (int field = 4; field <= 22; ++field) fields >> word;
    return fields ? std::stoll(word) : 0;
}

bool is_alive(const WorkerProcess& worker, const Identity& us) {
    const auto boot = [](const std::string& id) { return id.substr(0, id.find('/')); };
    if (worker.host != us.host) return true;  // not ours to judge: its leases run out by themselves
    if (boot(worker.boot_id) != boot(us.boot_id)) return false;
    if (worker.boot_id != us.boot_id) return true;  // of another container: as above
    const std::int64_t began = start_ticks_of(worker.pid);
    // A unit may hide the processes of other users from us: what is there and cannot be seen is not ours to judge either.
    if (began == 0 && ::kill(static_cast<pid_t>(worker.pid), 0) != 0 && errno == EPERM) return true;
    return began == worker.start_ticks;
}

bool works_on(const WorkerProcess& worker, QueueName queue) {
    return ("," + worker.queues + ",").find(fmt::format(",{},", to_word(queue))) != std::string::npos;
}

enum class CommandExit { graceful, dead };

void release(Transaction& tx, const Cause& cause, WorkerId worker, CommandExit ending, const sends::Limits& limits) {
    const auto turn_lanes = lanes::reclaim_worker(tx, Lane::turn, worker);
    const auto send_lanes = lanes::reclaim_worker(tx, Lane::send, worker);
    if (ending == CommandExit::graceful) {
        turns::refund_attempts(tx, turn_lanes);
        sends::refund_attempts(tx, send_lanes);
        jobs::give_back(tx, worker);
    } else {
        attempts::note_lost_turns(tx, turn_lanes);
        jobs::reclaim_worker(tx, worker);
    }
    sends::recover_sends(tx, cause, send_lanes, limits);
    tx.execute("DELETE FROM workers WHERE id = $1", worker);
}

}  // namespace

Identity this_process() {
    char host[256] = "localhost";
    ::gethostname(host, sizeof host - 1);
    std::string boot_id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot_id);
    char space[64] = "";
    const auto length = ::readlink("/proc/self/ns/pid", space, sizeof space - 1);
    boot_id += "/" + std::string(space, length > 0 ? static_cast<std::size_t>(length) : 0);
    return {host, ::getpid(), boot_id, start_ticks_of(::getpid())};
}

std::string names_of(std::span<const QueueName> queues) {
    std::vector<std::string_view> words;
    for (const QueueName queue : queues) words.push_back(to_word(queue));
    return fmt::format("{}", fmt::join(words, ","));
}

void release_dead(Transaction& tx, const Cause& cause, const Identity& process, const sends::Limits& limits) {
    for (const WorkerProcess& other : list(tx)) {
        if (is_alive(other, process)) continue;
        if (tx.query("SELECT id FROM workers WHERE id = $1 {skip_locked}", other.id).empty()) continue;  // another one is at it
        release(tx, cause, other.id, CommandExit::dead, limits);
        changes::record(tx, cause, "worker.found_dead", "worker", other.id.value);
    }
}

WorkerId enter(Transaction& tx, const Cause& cause, const Identity& process, std::string_view queues, const sends::Limits& limits) {
    cursors::take_over(tx);
    release_dead(tx, cause, process, limits);
    static constexpr std::string_view sql = R"sql(
        INSERT INTO workers (host, pid, boot_id, start_ticks, queues, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $6))sql";
    return tx.insert<WorkerId>(sql, process.host, process.pid, process.boot_id, process.start_ticks, queues, tx.now()).value();
}

void heartbeat(Transaction& tx, WorkerId worker, std::string_view queues) {
    if (tx.execute("UPDATE workers SET seen_at = $2 WHERE id = $1", worker, tx.now()) > 0) return;
    static constexpr std::string_view sql = R"sql(
        INSERT INTO workers (id, host, pid, boot_id, start_ticks, queues, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7))sql";
    const Identity us = this_process();
    tx.execute(sql, worker, us.host, us.pid, us.boot_id, us.start_ticks, queues, tx.now());
}

void leave(Transaction& tx, const Cause& cause, WorkerId worker, const sends::Limits& limits) {
    release(tx, cause, worker, CommandExit::graceful, limits);
}

void reclaim(Transaction& tx, const Cause& cause, const sends::Limits& limits) {
    attempts::note_lost_turns(tx, lanes::reclaim_expired(tx, Lane::turn, tx.now()));
    jobs::reclaim_expired(tx);
    sends::recover_sends(tx, cause, lanes::reclaim_expired(tx, Lane::send, tx.now()), limits);
    pacing::correct_times(tx);
    lanes::correct_due_times(tx);
    jobs::correct_due_times(tx);
    tx.execute("DELETE FROM workers WHERE seen_at < $1 OR seen_at > $2", tx.now() - 1h, tx.now() + 1h);
}

std::vector<WorkerProcess> list(Snapshot& db) {
    return db.query("SELECT id, host, pid, boot_id, start_ticks, queues, started_at, seen_at FROM workers ORDER BY id LIMIT 1000")
        .all<WorkerProcess>();
}

Attendance attendance(Snapshot& db) {
    std::vector<WorkerProcess> workers = list(db);
    std::erase_if(workers, [&](const WorkerProcess& worker) { return std::chrono::abs(db.now() - worker.seen_at) >= silence_max; });
    Attendance out{.at_work = workers.size()};
    for (const QueueName queue : all_queues) {
        const bool is_attended =
            std::any_of(workers.begin(), workers.end(), [queue](const WorkerProcess& worker) { return works_on(worker, queue); });
        const bool can_wait = queue == QueueName::job && !jobs::any_due(db, db.now());
        if (!is_attended && !can_wait) out.unattended.push_back(queue);
    }
    return out;
}

std::string what_is_missing(const Attendance& attendance) {
    if (attendance.at_work == 0) return "no worker is running; nothing is answered";
    return fmt::format("no worker is running on {}", names_of(attendance.unattended));
}

std::string way_out(const Attendance& attendance) {
    if (attendance.at_work == 0) return "start one with: wabot serve, or wabot worker";
    return fmt::format("start one with: wabot worker --queue {}", names_of(attendance.unattended));
}

}  // namespace wabot::workers
