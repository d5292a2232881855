#include "core/changes/feed_cursor.hpp"

namespace wabot::cursors {

namespace {

// Before a transaction that is still under way nothing is certain.
constexpr std::string_view settled = "{1 = 1|xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint}";

std::string of(std::string_view table) {
    return std::string(" FROM ").append(table).append(" ");
}

}  // namespace

Cursor end(Snapshot& db, std::string_view table) {
    const std::string sql = "SELECT id" + of(table) + "WHERE " + std::string(settled) + " ORDER BY {id DESC|xid DESC, id DESC} LIMIT 1";
    const auto id = db.query(sql).first<std::int64_t>();
    return id ? behind(db, table, *id) : Cursor{};
}

Cursor behind(Snapshot& db, std::string_view table, std::int64_t id) {
    const auto transaction = db.query("SELECT {0|xid}" + of(table) + "WHERE id = $1", id).first<std::int64_t>();
    return {id, transaction.value_or(0)};
}

Cursor before(Snapshot& db, std::string_view table, std::int64_t id) {
    Cursor place = behind(db, table, id);
    --place.id;
    return place;
}

std::int64_t lost(Snapshot& db, std::string_view table, const Cursor& after, std::int64_t first) {
    const std::int64_t skipped = first - after.id - 1;
    if (skipped <= 0 || after.id == 0) return 0;  // ids may be used up by what was not stored in the end
    const std::string sql = "SELECT id" + of(table) + "WHERE {$1 >= 0 AND id <= $2|(xid, id) <= ($1, $2)} LIMIT 1";
    return db.query(sql, after.transaction, after.id).empty() ? skipped : 0;
}

void take_over(Transaction& tx) {
    // Its numbers begin anew in a server that a dump was restored to, and rows would lie in the future: none that can be seen here was added by a
    // transaction that begins after this statement.
    for (const std::string_view table : {"inbox", "changes"})
        tx.execute("UPDATE " + std::string(table) +
                   " SET {id = id|xid = 0} WHERE {FALSE|xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint}");
}

std::string sql_after(std::string_view select) {
    return std::string(select) + " WHERE {$1 >= 0 AND id > $2|(xid, id) > ($1, $2)} AND " + std::string(settled) + " ORDER BY {id|xid, id} LIMIT $3";
}

std::string sql_up_to(std::string_view select) {
    return std::string(select) + " WHERE {$1 >= 0 AND id <= $2|(xid, id) <= ($1, $2)} AND " + std::string(settled) +
           " ORDER BY {id DESC|xid DESC, id DESC} LIMIT $3";
}

}  // namespace wabot::cursors
