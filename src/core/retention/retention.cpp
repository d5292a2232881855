#include "core/retention/retention.hpp"

#include "core/queue/jobs.hpp"

namespace wabot::retention {

namespace {

constexpr std::int64_t rows_max = 500;

std::int64_t count_of(Snapshot& db, std::string_view sql, Time before) {
    return db.query(sql, before).one<std::int64_t>();
}

/// For a statement that takes away the oldest rows: when it found as many as it may, there may be more.
Step oldest(std::int64_t rows) {
    return {rows, 0, rows < rows_max};
}

// --- the sealed bodies of webhooks; their rows stay, so that a body that comes once more is known

std::int64_t count_bodies(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM inbox WHERE state = 'done' AND body IS NOT NULL AND received_at < $1", before);
}

Step blank_bodies(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        UPDATE inbox SET body = NULL WHERE state = 'done' AND id IN (
            SELECT id FROM inbox WHERE state = 'done' AND body IS NOT NULL AND received_at < $1 ORDER BY received_at LIMIT $2))sql";
    return oldest(tx.execute(sql, before, rows_max));
}

// --- the parts of webhooks: walked by the webhook's id, over those that wait for a person

std::int64_t count_parts(Snapshot& db, Time before) {
    static constexpr std::string_view sql =
        "SELECT count(*) FROM inbox_items t JOIN inbox i ON i.id = t.inbox_id WHERE i.state = 'done' AND i.received_at < $1";
    return count_of(db, sql, before);
}

Step delete_parts(Transaction& tx, Time before, std::int64_t from) {
    static constexpr std::string_view first_sql = R"sql(
        SELECT i.id FROM inbox i WHERE i.received_at < $2
          AND i.id = (SELECT t.inbox_id FROM inbox_items t WHERE t.inbox_id >= $1 ORDER BY t.inbox_id LIMIT 1))sql";
    static constexpr std::string_view sql = R"sql(
        DELETE FROM inbox_items WHERE inbox_id IN (
            SELECT id FROM inbox WHERE id >= $1 AND id < $2 AND state = 'done' AND received_at < $3))sql";
    const auto first = tx.query(first_sql, from, before).first<std::int64_t>();
    if (!first) return {};
    const std::int64_t next = *first + rows_max;
    return {tx.execute(sql, *first, next, before), next, false};
}

// --- jobs that ended

std::int64_t count_jobs(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM jobs WHERE (state = 'done' OR state = 'cancelled') AND finished_at < $1", before);
}

Step delete_jobs(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE (state = 'done' OR state = 'cancelled') AND finished_at < $1 ORDER BY finished_at LIMIT $2))sql";
    return oldest(tx.execute(sql, before, rows_max));
}

// --- what was noted in the order of time: the oldest rows have the lowest ids

// The newest row of the feed stays, however old: it says how far the feed has come, so that who reads it knows what was removed unread.

std::int64_t count_changes(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM changes WHERE created_at < $1 AND id < (SELECT max(id) FROM changes)", before);
}

Step delete_changes(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        DELETE FROM changes
        WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT $2) AND created_at < $1 AND id < (SELECT max(id) FROM changes))sql";
    return oldest(tx.execute(sql, before, rows_max));
}

std::int64_t count_attempts(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM failed_attempts WHERE failed_at < $1", before);
}

Step delete_attempts(Transaction& tx, Time before, std::int64_t) {
    return oldest(tx.execute("DELETE FROM failed_attempts WHERE id IN (SELECT id FROM failed_attempts ORDER BY id LIMIT $2) AND failed_at < $1",
                             before, rows_max));
}

// --- the contents of files; their rows stay, for the messages that they came with. `files::remove_deleted` removes the blobs

std::int64_t count_files(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM files WHERE deleted_at IS NULL AND created_at < $1", before);
}

Step delete_files(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        UPDATE files SET deleted_at = $3, updated_at = $3 WHERE deleted_at IS NULL AND id IN (
            SELECT id FROM files WHERE deleted_at IS NULL AND created_at < $1 ORDER BY created_at, id LIMIT $2))sql";
    return oldest(tx.execute(sql, before, rows_max, tx.now()));
}

// --- what providers have forgotten of our files

std::int64_t count_uploads(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM media_uploads WHERE expires_at < $1", before);
}

Step delete_uploads(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        DELETE FROM media_uploads WHERE (device_id, file_id) IN (
            SELECT device_id, file_id FROM media_uploads WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))sql";
    return oldest(tx.execute(sql, before, rows_max));
}

// --- what people had commands do, and the keys by which they may ask again

std::int64_t count_audit(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM audit_log WHERE created_at < $1", before);
}

Step delete_audit(Transaction& tx, Time before, std::int64_t) {
    return oldest(
        tx.execute("DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT $2) AND created_at < $1", before, rows_max));
}

std::int64_t count_keys(Snapshot& db, Time before) {
    return count_of(db, "SELECT count(*) FROM idempotency_keys WHERE created_at < $1", before);
}

Step delete_keys(Transaction& tx, Time before, std::int64_t) {
    static constexpr std::string_view sql = R"sql(
        DELETE FROM idempotency_keys WHERE (actor, key) IN (
            SELECT actor, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2))sql";
    return oldest(tx.execute(sql, before, rows_max));
}

constexpr Rule table[] = {
    {"webhook", "retention.webhooks", "bodies of processed webhooks", &Keep::webhooks, count_bodies, blank_bodies},
    {"part", "retention.webhooks", "record of the items of such webhooks", &Keep::webhooks, count_parts, delete_parts},
    {"job", "retention.jobs", "finished jobs", &Keep::jobs, count_jobs, delete_jobs},
    {"change", "retention.changes", "the activity feed", &Keep::changes, count_changes, delete_changes},
    {"attempt", "retention.changes", "the record of failed attempts", &Keep::changes, count_attempts, delete_attempts},
    {"file", "retention.files", "the contents of files", &Keep::files, count_files, delete_files},
    {"audit", "retention.audit", "the audit log", &Keep::audit, count_audit, delete_audit},
    {"key", "retention.idempotency_keys", "idempotency keys of message send", &Keep::idempotency_keys, count_keys, delete_keys},
    {"upload", "retention.changes", "uploads that the provider has deleted", &Keep::changes, count_uploads, delete_uploads},
};

}  // namespace

std::span<const Rule> all_rules() {
    return table;
}

std::int64_t count(Snapshot& db, const Rule& rule, const Keep& keep) {
    return keep.*rule.keep == 0ms ? 0 : rule.count(db, db.now() - keep.*rule.keep);
}

Step step(Transaction& tx, const Rule& rule, const Keep& keep, std::int64_t from) {
    return keep.*rule.keep == 0ms ? Step{} : rule.step(tx, tx.now() - keep.*rule.keep, from);
}

asio::awaitable<std::int64_t> run(Database& db, const Rule& rule, Keep keep) {
    std::int64_t rows = 0;
    for (Step last{.is_last = false}; !last.is_last; rows += last.rows) {
        auto work = [&rule, &keep, from = last.next](Transaction& tx) { return step(tx, rule, keep, from); };
        last = co_await db.write(work);
    }
    co_return rows;
}

bool enqueue(Transaction& tx) {
    const auto hour = std::chrono::floor<std::chrono::hours>(tx.now()).time_since_epoch().count();
    jobs::New job;
    job.kind = job_kind;
    job.unique_key = "retention/" + std::to_string(hour);
    return jobs::enqueue(tx, job).has_value();
}

}  // namespace wabot::retention
