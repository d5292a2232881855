#include "core/database/memory_listing.hpp"

#include <fmt/format.h>

#include "core/database/listing.hpp"
#include "core/database/sqlite/sqlite_connection.hpp"

namespace wabot {

namespace {

class RowsInMemory final : public Snapshot {
public:
    RowsInMemory(std::span<const Field> fields, std::span<const void* const> rows, Time now) : Snapshot(now), connection_(":memory:", true) {
        std::string columns, values = "$1";
        for (std::size_t i = 0; i < fields.size(); ++i) {
            columns += fmt::format(", {}", fields[i].name);
            values += fmt::format(", ${}", i + 2);
        }
        connection_.script(fmt::format("CREATE TABLE loose (place INTEGER PRIMARY KEY{})", columns));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::vector<Value> cells{static_cast<std::int64_t>(i + 1)};
            for (const Field& field : fields) cells.push_back(field.get(rows[i]));
            connection_.change(fmt::format("INSERT INTO loose VALUES ({})", values), cells);
        }
    }

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    SqliteConnection connection_;
};

}  // namespace

std::vector<std::size_t> page_of_loose_rows(std::span<const Field> fields, std::span<const void* const> rows, const Page& page, Time now) {
    RowsInMemory snapshot(fields, rows, now);
    const ListingStatement statement = listing_statement(snapshot, {.select = "SELECT * FROM loose", .id = "place"}, {}, page);
    std::vector<std::size_t> places;
    const std::string sql = fmt::format("SELECT place FROM ({})", statement.sql);
    for (const std::int64_t place : snapshot.query_with(sql, statement.values).all<std::int64_t>())
        places.push_back(static_cast<std::size_t>(place) - 1);
    return places;
}

}  // namespace wabot
