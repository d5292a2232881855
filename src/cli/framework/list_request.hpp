#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/framework/progress.hpp"
#include "cli/framework/runtime.hpp"
#include "core/database/page.hpp"

namespace wabot::cli {

class Interrupt;

/// Which part of a list is asked for, and in which order.
struct PagingOptions {
    std::optional<std::string> filter, sort, since, until, cursor;
    std::optional<int> limit;
    bool all = false;
    bool watch = false;
};

/// `time` is the field that --since and --until look at.
void declare_paging(CommandBuilder& cmd, PagingOptions& paging, std::string_view time = "created_at");
/// Of a list that is short, and shown whole where no --limit is given.
void declare_short_paging(CommandBuilder& cmd, PagingOptions& paging);

/// What a list shows of what was read, and its place in the list: overloaded beside types that are no rows themselves.
template <Described Row>
const Row& row_of(const Row& row) {
    return row;
}
template <Described Row>
std::int64_t place_of(const Row& row) {
    return row.id.value;
}

/// What the flags ask of a list. CommandExit{usage} for what they may not say, before the store is opened.
class ListRequest {
public:
    enum class Length { any, is_short };
    ListRequest(Runtime& rt, const PagingOptions& paging, std::span<const Field> fields, Length length = Length::any);
    ~ListRequest();
    ListRequest(const ListRequest&) = delete;

protected:
    /// Calls `show` once, or under --watch again and again until a signal comes; what is the same as before is not printed.
    void run(const std::function<void()>& show);
    void tell_more(const std::string& cursor);
    /// Of rows that stand in no table those that `page` has, by their places.
    std::vector<std::size_t> places_of(std::span<const Field> fields, std::span<const void* const> rows, const Page& page);
    bool is_watching() const { return interrupt_ != nullptr; }

    Runtime& rt_;
    Page first_;
    std::optional<std::size_t> wanted_;  // rows; nothing = all

private:
    void watch(const std::function<void()>& show);
    std::unique_ptr<Interrupt> interrupt_;  // under --watch
};

/// A list, shown part by part. Made before anything is read, shown once.
template <Described Row>
class List : public ListRequest {
public:
    List(Runtime& rt, std::string_view noun, const PagingOptions& paging) : ListRequest(rt, paging, fields_of<Row>), noun_(noun) {}

    /// `read(snapshot, page)` gives the rows of one part.
    template <class Read>
    void show(Read read) {
        run([&] { show_once(read); });
    }

private:
    template <class Read>
    void show_once(Read& read) {
        const Field* sort = first_.query.sort;
        const std::size_t part_max = sort == nullptr ? 500 : static_cast<std::size_t>(Page::sorted_limit_max);
        ListWriter& list = rt_.out().list<Row>(noun_);
        Page page = first_;
        std::optional<Progress> progress;
        if (!wanted_ && !is_watching() && !rt_.out().options().out.is_tty) progress.emplace(rt_, noun_ + "s");
        std::optional<std::string> next_cursor;
        for (std::size_t shown = 0; !next_cursor;) {
            const std::size_t left = wanted_ ? *wanted_ - shown : part_max;
            const std::size_t asked = std::min(left + 1, part_max);  // one more than shown tells whether the list goes on
            page.limit = static_cast<int>(asked);
            const auto rows = rt_.read([&](Snapshot& db) { return read(db, std::as_const(page)); });
            const std::size_t count = std::min(rows.size(), left);
            for (std::size_t i = 0; i < count; ++i) list.add(row_of(rows[i]));
            shown += count;
            if (progress) progress->advance(static_cast<std::int64_t>(count));
            if (count > 0) page.after = place_of(rows[count - 1]);
            if (count > 0 && sort != nullptr) page.after_value = sort->get(&row_of(rows[count - 1]));
            if (rows.size() > count) next_cursor = to_cursor(page);
            if (rows.size() < asked) break;
        }
        list.end(next_cursor);
        if (next_cursor) tell_more(*next_cursor);
    }

    std::string noun_;
};

/// A list of few rows that stand in no table.
template <Described Row>
class ShortList : public ListRequest {
public:
    ShortList(Runtime& rt, std::string_view noun, const PagingOptions& paging)
        : ListRequest(rt, paging, fields_of<Row>, Length::is_short), noun_(noun) {}

    /// `rows()` gives all of them, as they are now.
    template <class Rows>
    void show(Rows rows) {
        run([&] { show_once(rows()); });
    }

private:
    void show_once(const std::vector<Row>& rows) {
        std::vector<const void*> all;
        for (const Row& row : rows) all.push_back(&row);
        Page page = first_;
        page.limit = wanted_ ? static_cast<int>(*wanted_) + 1 : Page::limit_max;
        const std::vector<std::size_t> places = places_of(fields_of<Row>, all, page);
        const std::size_t count = std::min(places.size(), wanted_.value_or(places.size()));
        ListWriter& list = rt_.out().list<Row>(noun_);
        for (std::size_t i = 0; i < count; ++i) list.add(rows[places[i]]);
        std::optional<std::string> next_cursor;
        if (count < places.size()) {
            const std::size_t last = places[count - 1];
            page.after = static_cast<std::int64_t>(last) + 1;
            if (page.query.sort != nullptr) page.after_value = page.query.sort->get(&rows[last]);
            next_cursor = to_cursor(page);
        }
        list.end(next_cursor);
        if (next_cursor) tell_more(*next_cursor);
    }

    std::string noun_;
};

}  // namespace wabot::cli
