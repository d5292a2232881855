#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/describe.hpp"
#include "core/database/condition.hpp"

namespace wabot {

/// What is wanted of a list beyond the list's own filters, checked against the description of its rows.
struct ListQuery {
    Condition where = {};                        // over the fields of a row, by their names: filter.hpp
    std::optional<Time> since = {}, until = {};  // of the list's own time; until is outside
    const Field* sort = nullptr;                 // none = the order that the list documents
    bool descending = false;

    bool is_plain() const { return where.sql.empty() && !since && !until && sort == nullptr; }
};

/// Which part of a list: what comes after the row with this id (0 = from the beginning), in the order of the query or else the one the list
/// documents.
struct Page {
    std::int64_t after = 0;
    int limit = 50;
    ListQuery query = {};
    Value after_value = {};  // with an order of its own: what that row has in the field it is sorted by

    /// No list answers more at once. A sort looks at every row for each part, so its parts are larger.
    static constexpr int limit_max = 1000, sorted_limit_max = 10'000;
    int size() const { return std::clamp(limit, 1, query.sort == nullptr ? limit_max : sorted_limit_max); }
};

/// Where a list goes on after a row: opaque, for `read_cursor` with the same query. Without an order of its own the id alone.
std::string to_cursor(const Page& page);
/// Sets `after` and `after_value`. Error{bad_request} for what is no cursor, or one of another order.
void read_cursor(std::string_view cursor, Page& page);

/// Sets the order from "field", "field:asc" or "field:desc". Error{bad_request} names the fields there are.
void read_sort(std::string_view text, std::span<const Field> fields, ListQuery& query);
/// The fields that a list may be sorted by.
std::vector<std::string_view> sort_fields(std::span<const Field> fields);

/// A row after a use case, and whether that changed anything: every change is safe to ask for twice.
template <class T>
struct Changed {
    T row;
    bool changed = true;
};

}  // namespace wabot
