#include "core/messaging/changes.hpp"

#include <algorithm>

namespace wabot::changes {

void record(Transaction& tx, const Cause& cause, std::string_view kind, std::string_view object_type, std::int64_t object_id,
            std::int64_t device_id) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO changes (kind, object_type, object_id, device_id, actor, request_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7))sql";
    const std::optional<std::int64_t> device = device_id == 0 ? std::nullopt : std::optional(device_id);
    tx.execute(sql, kind, object_type, object_id, device, cause.actor.label, cause.request_id, tx.now());
}

Cursor end(Snapshot& db) {
    return {db.query("SELECT COALESCE(max(id), 0) FROM changes").one<std::int64_t>()};
}

FeedPart<Change> read(Snapshot& db, const Cursor& after, int limit) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, kind, object_type, object_id, device_id, actor, request_id, created_at FROM changes WHERE id > $1 ORDER BY id LIMIT $2)sql";
    FeedPart<Change> part{db.query(sql, after.id, limit).all<Change>(), after};
    if (part.rows.empty()) return part;
    part.next = {part.rows.back().id};
    // Rows go oldest first: as long as one of those that were read is there, none of the others is gone.
    const std::int64_t skipped = part.rows.front().id - after.id - 1;
    if (skipped > 0 && !db.query("SELECT id FROM changes WHERE id <= $1 LIMIT 1", after.id).first<std::int64_t>()) part.lost = skipped;
    return part;
}

std::vector<Change> read_back(Snapshot& db, const Cursor& before, int limit) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, kind, object_type, object_id, device_id, actor, request_id, created_at FROM changes WHERE id <= $1 ORDER BY id DESC LIMIT $2)sql";
    auto rows = db.query(sql, before.id, limit).all<Change>();
    std::ranges::reverse(rows);
    return rows;
}

}  // namespace wabot::changes
