#include "core/changes/changes.hpp"

#include <algorithm>

#include "core/audit/audit_draft.hpp"

namespace wabot::changes {

namespace {

constexpr std::string_view table = "changes";
constexpr std::string_view select = "SELECT id, kind, object_type, object_id, device_id, actor_kind, actor, request_id, created_at FROM changes";

/// "device/3". What has a name and no id stands in the place of its type: of "queue.paused" and "send" it is "queue/send".
std::string name_of(std::string_view kind, std::string_view object_type, std::int64_t object_id) {
    if (object_id == 0) return std::string(kind.substr(0, kind.find('.'))) + "/" + std::string(object_type);
    return std::string(object_type) + "/" + std::to_string(object_id);
}

}  // namespace

void record(Transaction& tx, const Cause& cause, std::string_view kind, std::string_view object_type, std::int64_t object_id,
            std::int64_t device_id) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO changes (kind, object_type, object_id, device_id, actor_kind, actor, request_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql";
    const std::optional<std::int64_t> device = device_id == 0 ? std::nullopt : std::optional(device_id);
    tx.execute_deferred(sql, kind, object_type, object_id, device, cause.actor.kind, cause.actor.label, cause.request_id, tx.now());
    audit::note(cause, kind, name_of(kind, object_type, object_id));
    if (device_id != 0) audit::note(cause, kind, "device/" + std::to_string(device_id));
}

Cursor end(Snapshot& db) {
    return cursors::end(db, table);
}

FeedPart<Change> read(Snapshot& db, const Cursor& after, int limit) {
    return cursors::read<Change>(db, table, select, after, limit);
}

std::vector<Change> read_back(Snapshot& db, const Cursor& place, int limit) {
    auto rows = db.query(cursors::sql_up_to(select), place.transaction, place.id, limit).all<Change>();
    std::ranges::reverse(rows);
    return rows;
}

Cursor before(Snapshot& db, const Change& change) {
    return cursors::before(db, table, change.id);
}

}  // namespace wabot::changes
