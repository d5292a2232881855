#include "core/messaging/arrivals.hpp"

namespace wabot::arrivals {

Cursor end(Snapshot& db) {
    return {db.query("SELECT COALESCE(max(id), 0) FROM inbox").one<std::int64_t>()};
}

FeedPart<ArrivedBody> read(Snapshot& db, const Cursor& after, int limit) {
    static constexpr std::string_view sql =
        "SELECT id, kind, device_id, verified_by, body, received_at FROM inbox WHERE id > $1 ORDER BY id LIMIT $2";
    FeedPart<ArrivedBody> part{db.query(sql, after.id, limit).all<ArrivedBody>(), after};
    if (part.rows.empty()) return part;
    part.next = {part.rows.back().id.value};
    const std::int64_t skipped = part.rows.front().id.value - after.id - 1;
    if (skipped > 0 && !db.query("SELECT id FROM inbox WHERE id <= $1 LIMIT 1", after.id).first<std::int64_t>()) part.lost = skipped;
    return part;
}

}  // namespace wabot::arrivals
