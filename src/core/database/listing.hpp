#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// A list as a repository has it: its statement, and what is to be known to take parts of it.
struct Listing {
    std::string_view select;               // whole, without an order; its columns have the names of the fields
    bool newest_first = false;             // by `id`
    std::string_view id = "id";            // the column, unique and an integer, that orders it and names its rows in a cursor
    std::string_view time = "created_at";  // the column that `since` and `until` of a query mean
    std::string_view log = {};             // the table whose ids grow with that time: there since and until cost nothing, however many rows there are
};

/// The statement for one part, and what it binds.
struct ListingStatement {
    std::string sql;
    std::vector<Value> values;
};
/// `own` are the conditions of the list's own filters, over its columns.
ListingStatement listing_statement(Snapshot& db, const Listing& listing, Condition own, const Page& page);

/// One part of the list. A query without order, and own filters with an index, cost what they answer. A filter on other fields reads on until it
/// has enough; an order by other fields than `id` reads every row for each part, of which the database holds no more than the part at once.
template <Described Row>
std::vector<Row> list_page(Snapshot& db, const Listing& listing, Condition own, const Page& page) {
    const ListingStatement statement = listing_statement(db, listing, std::move(own), page);
    return db.query_with(statement.sql, statement.values).template all<Row>();
}

}  // namespace wabot
