#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/progress.hpp"
#include "cli/runtime.hpp"

namespace wabot::cli {

/// Which part of a list is asked for: --limit, --all, --cursor.
struct PagingOptions {
    std::optional<int> limit;
    bool all = false;
    std::int64_t cursor = 0;  // the id of the last row of the part before; 0 = from the beginning
};

void declare_paging(CommandBuilder& cmd, PagingOptions& paging);

/// How many rows are to be shown; nothing = all. Ending{usage} for a limit below 1, or beside --all.
std::optional<std::size_t> rows_wanted(const PagingOptions& paging);

/// What a list shows of what was read, and the place in the list: overloaded beside types that are no rows themselves.
template <Described Row>
const Row& row_of(const Row& row) {
    return row;
}
template <Described Row>
std::int64_t cursor_of(const Row& row) {
    return row.id.value;
}

/// Shows a list part by part. `read(cursor, limit)` gives the rows after the one whose id is `cursor` (0 = the first), at most `limit`.
template <Described Row, class Read>
void show_list(Runtime& rt, std::string_view noun, const PagingOptions& paging, Read read) {
    constexpr std::size_t part_max = 500;
    ListWriter& list = rt.out().list<Row>(noun);
    const auto wanted = rows_wanted(paging);
    std::optional<Progress> progress;
    if (paging.all && !rt.out().options().out.is_tty) progress.emplace(rt, fmt::format("{}s", noun));
    std::optional<std::string> next_cursor;
    std::int64_t cursor = paging.cursor;
    for (std::size_t shown = 0; !next_cursor;) {
        const std::size_t left = wanted ? *wanted - shown : part_max;
        const std::size_t asked = std::min(left + 1, part_max);  // one more than shown tells whether the list goes on
        const auto rows = read(cursor, static_cast<int>(asked));
        const std::size_t count = std::min(rows.size(), left);
        for (std::size_t i = 0; i < count; ++i) list.add(row_of(rows[i]));
        shown += count;
        if (progress) progress->advance(static_cast<std::int64_t>(count));
        if (count > 0) cursor = cursor_of(rows[count - 1]);
        if (rows.size() > count) next_cursor = std::to_string(cursor);
        if (rows.size() < asked) break;
    }
    list.end(next_cursor);
    if (next_cursor && !rt.out().json()) rt.out().say("more rows: --cursor {} goes on, --all shows every one", *next_cursor);
}

}  // namespace wabot::cli
