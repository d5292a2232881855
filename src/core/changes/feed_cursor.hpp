#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/database/transaction.hpp"

namespace wabot {

/// A place in a table that only grows, behind everything that was read: by the transaction that added a row, then by its id. On PostgreSQL
/// transactions end in any order, and a reader that went by ids would pass over a row that becomes visible after a later one; there only rows are
/// read before which none can come any more. On SQLite the transaction is always 0.
struct Cursor {
    std::int64_t id = 0;
    std::int64_t transaction = 0;
    bool operator==(const Cursor&) const = default;
};

/// A part of a feed, oldest first.
template <class Row>
struct FeedPart {
    std::vector<Row> rows;
    Cursor next;            // behind the last row
    std::int64_t lost = 0;  // at most so many rows before the first were removed before anybody read them here
};

namespace cursors {

/// Behind the newest row of `table`.
Cursor end(Snapshot& db, std::string_view table);
/// Behind the row with this id, and before it.
Cursor behind(Snapshot& db, std::string_view table, std::int64_t id);
Cursor before(Snapshot& db, std::string_view table, std::int64_t id);
/// How many ids are missing between the cursor and the row `first` that was read behind it, when the rows up to the cursor are gone: rows go oldest
/// first, so as long as one of those is there, none of the others is gone.
std::int64_t lost(Snapshot& db, std::string_view table, const Cursor& after, std::int64_t first);

/// Mends the places of rows that another server's transactions added. When a process begins to work.
void take_over(Transaction& tx);

/// `select` with what is behind the cursor, oldest first, or what is not, newest first: for $1 = transaction, $2 = id, $3 = how many rows.
std::string sql_after(std::string_view select);
std::string sql_up_to(std::string_view select);

inline std::int64_t number(std::int64_t id) {
    return id;
}
template <class RowId>
std::int64_t number(const RowId& id) {
    return id.value;
}

/// The rows behind `after`, at most `limit`. `select` is "SELECT ... FROM table".
template <class Row>
FeedPart<Row> read(Snapshot& db, std::string_view table, std::string_view select, const Cursor& after, int limit) {
    FeedPart<Row> part{db.query(sql_after(select), after.transaction, after.id, limit).template all<Row>(), after};
    if (part.rows.empty()) return part;
    part.next = behind(db, table, number(part.rows.back().id));
    part.lost = lost(db, table, after, number(part.rows.front().id));
    return part;
}

}  // namespace cursors

}  // namespace wabot
