#include <algorithm>

#include "core/database/listing.hpp"
#include "tests/fuzz/pet.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

class NoRows : public Snapshot {
public:
    NoRows() : Snapshot(Time(std::chrono::seconds(1'750'000'000))) {}

private:
    Rows run(std::string_view, std::span<const Value>) override { return {}; }
};

}  // namespace

/// An order, empty for none, and below it a cursor.
void cursor(std::string_view input) {
    Page page;
    if (const std::string_view order = take_until(input, '\n'); !order.empty()) read_sort(order, fields_of<FuzzPet>, page.query);
    read_cursor(input, page);

    Page same;
    same.query = page.query;
    read_cursor(to_cursor(page), same);
    require(same.after == page.after && same.after_value == page.after_value, "a cursor is read as it is written");

    NoRows db;
    page.query.since = page.query.until = db.now();
    for (const std::string_view log : {"", "pets"}) {
        const ListingStatement statement =
            listing_statement(db, {.select = "SELECT * FROM pets", .newest_first = page.after % 2 == 0, .log = log}, {}, page);
        require(std::count(statement.sql.begin(), statement.sql.end(), '$') == static_cast<std::ptrdiff_t>(statement.values.size()),
                "each value has its place");
    }
}

}  // namespace wabot::fuzz
