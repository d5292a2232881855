#include "core/messaging/workers.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/messaging/changes.hpp"
#include "core/messaging/turns.hpp"
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
    if (word == "Z" || word == "X") return 0;  // dead, and nobody has asked how it ended
    for (int field = 4; field <= 22; ++field) fields >> word;
    return fields ? std::stoll(word) : 0;
}

bool is_alive(const WorkerRow& worker, const Identity& us) {
    const auto boot = [](const std::string& id) { return id.substr(0, id.find('/')); };
    if (worker.host != us.host) return true;  // not ours to judge: its leases run out by themselves
    if (boot(worker.boot_id) != boot(us.boot_id)) return false;
    if (worker.boot_id != us.boot_id) return true;  // of another container: as above
    return start_ticks_of(worker.pid) == worker.start_ticks;
}

enum class Ending { graceful, dead };

void release(Transaction& tx, const Cause& cause, WorkerId worker, Ending ending, const sends::Limits& limits) {
    const auto released = lanes::rescue_worker(tx, Lane::turn, worker);
    if (ending == Ending::graceful) {
        turns::uncount(tx, released);
        jobs::give_back(tx, worker);
    } else {
        attempts::note_lost_turns(tx, released);
        jobs::rescue_worker(tx, worker);
    }
    sends::after_rescue(tx, cause, lanes::rescue_worker(tx, Lane::send, worker), limits);
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

WorkerId enter(Transaction& tx, const Cause& cause, const Identity& process, std::string_view queues, const sends::Limits& limits) {
    for (const WorkerRow& other : list(tx)) {
        if (is_alive(other, process)) continue;
        if (tx.query("SELECT id FROM workers WHERE id = $1 {skip_locked}", other.id).empty()) continue;  // another one is at it
        release(tx, cause, other.id, Ending::dead, limits);
        changes::record(tx, cause, "worker.found_dead", "worker", other.id.value);
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO workers (host, pid, boot_id, start_ticks, queues, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $6))sql";
    return tx.insert<WorkerId>(sql, process.host, process.pid, process.boot_id, process.start_ticks, queues, tx.now()).value();
}

void heartbeat(Transaction& tx, WorkerId worker) {
    tx.execute("UPDATE workers SET seen_at = $2 WHERE id = $1", worker, tx.now());
}

void leave(Transaction& tx, const Cause& cause, WorkerId worker, const sends::Limits& limits) {
    release(tx, cause, worker, Ending::graceful, limits);
}

void rescue(Transaction& tx, const Cause& cause, const sends::Limits& limits) {
    attempts::note_lost_turns(tx, lanes::rescue_expired(tx, Lane::turn, tx.now()));
    jobs::rescue_expired(tx);
    sends::after_rescue(tx, cause, lanes::rescue_expired(tx, Lane::send, tx.now()), limits);
    tx.execute("DELETE FROM workers WHERE seen_at < $1", tx.now() - 1h);
}

std::vector<WorkerRow> list(Snapshot& db) {
    return db.query("SELECT id, host, pid, boot_id, start_ticks, queues, started_at, seen_at FROM workers ORDER BY id LIMIT 1000").all<WorkerRow>();
}

}  // namespace wabot::workers
