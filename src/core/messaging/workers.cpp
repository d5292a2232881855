#include "core/messaging/workers.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "core/messaging/changes.hpp"
#include "core/messaging/turns.hpp"

namespace wabot::workers {

namespace {

using namespace std::chrono_literals;

bool is_alive(const WorkerRow& worker, const Identity& us) {
    if (worker.host != us.host) return true;  // not ours to judge: its leases run out by themselves
    if (worker.boot_id != us.boot_id || worker.pid == us.pid) return false;
    return ::kill(static_cast<pid_t>(worker.pid), 0) == 0 || errno == EPERM;
}

enum class Ending { graceful, dead };

void release(Transaction& tx, const Cause& cause, WorkerId worker, Ending ending, const sends::Limits& limits) {
    const auto released = lanes::rescue_worker(tx, Lane::turn, worker);
    if (ending == Ending::graceful) turns::uncount(tx, released);
    sends::after_rescue(tx, cause, lanes::rescue_worker(tx, Lane::send, worker), limits);
    tx.execute("DELETE FROM workers WHERE id = $1", worker);
}

}  // namespace

Identity this_process() {
    char host[256] = "localhost";
    ::gethostname(host, sizeof host - 1);
    std::string boot_id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot_id);
    return {host, ::getpid(), boot_id};
}

WorkerId enter(Transaction& tx, const Cause& cause, const Identity& process, std::string_view queues, const sends::Limits& limits) {
    for (const WorkerRow& other : list(tx)) {
        if (is_alive(other, process)) continue;
        release(tx, cause, other.id, Ending::dead, limits);
        changes::record(tx, cause, "worker.found_dead", "worker", other.id.value);
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO workers (host, pid, boot_id, queues, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING id)sql";
    return tx.query(sql, process.host, process.pid, process.boot_id, queues, tx.now()).one<WorkerId>();
}

void heartbeat(Transaction& tx, WorkerId worker) {
    tx.execute("UPDATE workers SET seen_at = $2 WHERE id = $1", worker, tx.now());
}

void leave(Transaction& tx, const Cause& cause, WorkerId worker, const sends::Limits& limits) {
    release(tx, cause, worker, Ending::graceful, limits);
}

void rescue(Transaction& tx, const Cause& cause, const sends::Limits& limits) {
    lanes::rescue_expired(tx, Lane::turn, tx.now());
    sends::after_rescue(tx, cause, lanes::rescue_expired(tx, Lane::send, tx.now()), limits);
    tx.execute("DELETE FROM workers WHERE seen_at < $1", tx.now() - 1h);
}

std::vector<WorkerRow> list(Snapshot& db) {
    return db.query("SELECT id, host, pid, boot_id, queues, started_at, seen_at FROM workers ORDER BY id LIMIT 1000").all<WorkerRow>();
}

}  // namespace wabot::workers
