#include "core/queue/jobs.hpp"

#include "core/changes/changes.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/back_off.hpp"

namespace wabot::jobs {

namespace {

void end_dead(Transaction& tx, const Cause& cause, JobId job) {
    tx.execute("UPDATE jobs SET state = 'dead', lease_until = NULL, updated_at = $2 WHERE id = $1", job, tx.now());
    changes::record(tx, cause, "job.dead", "job", job.value);
}

void hold(Transaction& tx, const Cause& cause, const ClaimedJob& job) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'held', attempt = attempt - 1, lease_until = NULL, worker = NULL, last_error = $2, updated_at = $3
        WHERE id = $1)sql";
    tx.execute(sql, job.id, "version " + std::to_string(job.version) + " of kind " + job.kind + " is not known here", tx.now());
    changes::record(tx, cause, "job.held", "job", job.id.value);
}

bool is_ours(Transaction& tx, const ClaimedJob& job) {
    return !tx.query("SELECT id FROM jobs WHERE id = $1 AND lease_no = $2 AND state = 'running' {for_update}", job.id, job.lease_no).empty();
}

void reclaim(Transaction& tx, const std::vector<JobId>& lost) {
    for (const JobId job : lost) {
        attempts::note_failed_job(tx, job, "its worker stopped");
        tx.execute(
            "UPDATE jobs SET state = 'ready', lease_until = NULL, worker = NULL, last_error = 'its worker stopped', updated_at = $2 WHERE id = $1",
            job, tx.now());
    }
}

}  // namespace

std::optional<JobId> enqueue(Transaction& tx, const New& job) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO jobs (kind, version, payload, unique_key, due_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (unique_key) DO NOTHING)sql";
    return tx.insert<JobId>(sql, job.kind, job.version, job.payload, job.unique_key, job.due_at.value_or(tx.now()), tx.now());
}

bool any_due(Snapshot& db, Time now) {
    return !db.query("SELECT id FROM jobs WHERE state = 'ready' AND due_at <= $1 LIMIT 1", now).empty();
}

std::vector<ClaimedJob> claim(Transaction& tx, const Cause& cause, const IsKnown& is_known, int limit, Time until, WorkerId worker) {
    static constexpr std::string_view sql = R"sql(
        WITH due AS MATERIALIZED (
            SELECT id FROM jobs WHERE state = 'ready' AND due_at <= $1
            ORDER BY due_at, id LIMIT $2 {skip_locked})
        UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_no = lease_no + 1, lease_until = $3, worker = $4, updated_at = $1
        WHERE id IN (SELECT id FROM due)
        RETURNING id, kind, version, payload, attempt, lease_no)sql";
    std::vector<ClaimedJob> out;
    for (ClaimedJob& job : tx.query(sql, tx.now(), limit, until, worker).all<ClaimedJob>()) {
        if (!is_known(job.kind, job.version))
            hold(tx, cause, job);
        else if (job.attempt > attempts_max)
            end_dead(tx, cause, job.id);  // claimed that often, and it never came to an end: it kills its workers
        else
            out.push_back(std::move(job));
    }
    return out;
}

void finish(Transaction& tx, const ClaimedJob& job) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'done', lease_until = NULL, finished_at = $3, updated_at = $3
        WHERE id = $1 AND lease_no = $2 AND state = 'running')sql";
    tx.execute(sql, job.id, job.lease_no, tx.now());
}

void fail(Transaction& tx, const Cause& cause, const ClaimedJob& job, std::string_view error, double jitter) {
    if (!is_ours(tx, job)) return;
    attempts::note_failed_job(tx, job.id, error);
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'ready', due_at = $2, lease_until = NULL, worker = NULL, last_error = $3, updated_at = $4 WHERE id = $1)sql";
    tx.execute(sql, job.id, tx.now() + back_off(job.attempt, jitter), error, tx.now());
    if (job.attempt >= attempts_max) end_dead(tx, cause, job.id);
}

void extend(Transaction& tx, const ClaimedJob& job, Time until) {
    tx.execute("UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease_no = $2 AND state = 'running'", job.id, job.lease_no, until);
}

void reclaim_expired(Transaction& tx) {
    static constexpr std::string_view sql = "SELECT id FROM jobs WHERE state = 'running' AND lease_until < $1 ORDER BY id LIMIT 1000 {skip_locked}";
    reclaim(tx, tx.query(sql, tx.now()).all<JobId>());
}

void correct_due_times(Transaction& tx) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET due_at = $1 + (due_at - updated_at), updated_at = $1
        WHERE id IN (SELECT id FROM jobs WHERE state = 'ready' AND due_at > $2 ORDER BY due_at DESC LIMIT 100) AND updated_at > $2)sql";
    constexpr std::chrono::seconds clock_jump{5};
    tx.execute(sql, tx.now(), tx.now() + clock_jump);
}

void reclaim_worker(Transaction& tx, WorkerId worker) {
    reclaim(tx, tx.query("SELECT id FROM jobs WHERE state = 'running' AND worker = $1 ORDER BY id {for_update}", worker).all<JobId>());
}

void give_back(Transaction& tx, WorkerId worker) {
    static constexpr std::string_view sql = R"sql(
        UPDATE jobs SET state = 'ready', attempt = attempt - 1, lease_until = NULL, worker = NULL, updated_at = $2
        WHERE state = 'running' AND worker = $1)sql";
    tx.execute(sql, worker, tx.now());
}

}  // namespace wabot::jobs
