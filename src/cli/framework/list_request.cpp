#include "cli/framework/list_request.hpp"

#include <fmt/format.h>

#include <numeric>

#include "cli/framework/signals.hpp"
#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "core/base/time_input.hpp"
#include "core/base/world.hpp"
#include "core/contacts/sealed_address.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/filter.hpp"
#include "core/database/memory_listing.hpp"

namespace wabot::cli {

namespace {

constexpr int rows_default = 50;

/// What is wrong with the words of a flag is wrong usage.
template <class Read>
auto reading(std::string_view flag, Read read) {
    try {
        return read();
    } catch (const Error& error) {
        if (error.code() != Errc::bad_request) throw;
        usage_error(fmt::format("{}: {}", flag, error.what()), error.hint(), std::string(flag));
    }
}

/// The hash under which a sealed value is found: of a number as it is kept, however it was written.
Bytes hash_of(Runtime& rt, const Field& field, std::string_view text) {
    const auto address = to_address(text);
    if (!address) return rt.vault().hash(text);
    if (address->phone.empty()) return rt.vault().hash(address->user_id);
    return rt.vault().hash(field.note.sealed == "contacts.contact_jid" ? jid_of(address->phone) : address->phone);
}

std::optional<Time> moment_of(std::string_view flag, const std::optional<std::string>& text, Time now) {
    if (!text) return std::nullopt;
    const auto time = read_time_input(*text, now);
    if (!time) usage_error(fmt::format("{} takes a time, not \"{}\"", flag, *text), std::string(time_input_forms), std::string(flag));
    return time;
}

Page page_of(Runtime& rt, const PagingOptions& paging, std::span<const Field> fields) {
    const Time now = rt.world().clock.now();
    Page page;
    ListQuery& query = page.query;
    if (paging.filter) {
        const FilterReading with{
            .fields = fields, .now = now, .hash = [&rt](const Field& field, std::string_view text) { return hash_of(rt, field, text); }};
        query.where = reading("--filter", [&] { return read_filter(*paging.filter, with); });
    }
    query.since = moment_of("--since", paging.since, now);
    query.until = moment_of("--until", paging.until, now);
    if (paging.sort) reading("--sort", [&] { read_sort(*paging.sort, fields, query); });
    if (paging.cursor) reading("--cursor", [&] { read_cursor(*paging.cursor, page); });
    return page;
}

std::optional<std::size_t> rows_wanted(const PagingOptions& paging, const Screen& screen, bool is_short) {
    if (paging.limit && paging.all) usage_error("--limit and --all exclude each other", {}, "--limit");
    if (paging.limit && *paging.limit < 1) usage_error("--limit must be at least 1", {}, "--limit");
    if (paging.all || (is_short && !paging.limit)) return std::nullopt;
    if (paging.limit) return static_cast<std::size_t>(*paging.limit);
    // What is drawn over and over must not scroll: a line is the headings', one the cursor's.
    const bool fits_screen = paging.watch && screen.moves_cursor;
    return fits_screen ? std::clamp<std::size_t>(screen.height, 3, rows_default + 2) - 2 : rows_default;
}

}  // namespace

namespace {

void declare_choice(CommandBuilder& cmd, PagingOptions& paging, std::string_view example) {
    cmd.group("Rows");
    cmd.option("--filter", paging.filter, fmt::format("Only rows that match this filter: {}", example)).shown_as("EXPR");
}

void declare_order(CommandBuilder& cmd, PagingOptions& paging, std::string_view cost, std::string_view usual_limit) {
    cmd.option("--sort", paging.sort, fmt::format("Sort order{}", cost)).shown_as("FIELD[:desc]").completes(Noun::sort_field);
    cmd.option("--limit", paging.limit, fmt::format("Largest number of rows ({})", usual_limit)).shown_as("N");
    cmd.flag("--all", paging.all, "All rows, without a limit");
    cmd.option("--cursor", paging.cursor, "Continue a list: the next_cursor of its last page").shown_as("C");
    cmd.flag("-w,--watch", paging.watch, "Show the list again when it changes, until Ctrl-C");
    cmd.group({});
}

}  // namespace

void declare_paging(CommandBuilder& cmd, PagingOptions& paging, std::string_view time) {
    declare_choice(cmd, paging, "status = failed and not (content ~ \"invoice\")");
    cmd.option("--since", paging.since, fmt::format("Only rows whose {} is not before: 2026-01-31, 24h, 7d", time)).shown_as("TIME");
    cmd.option("--until", paging.until, "Only rows before this time").shown_as("TIME");
    declare_order(cmd, paging, "; any column but id needs a read of all rows", std::to_string(rows_default));
}

void declare_short_paging(CommandBuilder& cmd, PagingOptions& paging) {
    declare_choice(cmd, paging, "name ~ \"send\"");
    declare_order(cmd, paging, "", "all");
}

ListRequest::ListRequest(Runtime& rt, const PagingOptions& paging, std::span<const Field> fields, Length length)
    : rt_(rt), first_(page_of(rt, paging, fields)), wanted_(rows_wanted(paging, rt.out().options().out, length == Length::is_short)) {
    if (!paging.watch) return;
    const OutputFormat format = rt.out().options().format;
    if (format == OutputFormat::json || format == OutputFormat::yaml)
        usage_error("what does not end cannot be one document", "-o jsonl gives an object a line", "--watch");
    interrupt_ = std::make_unique<Interrupt>(rt);
}

ListRequest::~ListRequest() = default;

void ListRequest::run(const std::function<void()>& show) {
    interrupt_ ? watch(show) : show();
}

void ListRequest::watch(const std::function<void()>& show) {
    Output& out = rt_.out();
    std::optional<std::string> shown;
    const auto look = [&] {
        std::string now = out.captured(show, rt_.world().clock.now());
        if (now != shown) out.redraw(now);
        shown = std::move(now);
        return Look::wait;
    };
    follow(rt_, *interrupt_, look, [&](std::chrono::milliseconds limit) { interrupt_->wait(limit); });
    interrupt_->exit_by_signal();
}

std::vector<std::size_t> ListRequest::places_of(std::span<const Field> fields, std::span<const void* const> rows, const Page& page) {
    const bool is_whole = page.query.is_plain() && page.after == 0;
    if (!is_whole) return page_of_loose_rows(fields, rows, page, rt_.world().clock.now());
    std::vector<std::size_t> places(std::min(rows.size(), static_cast<std::size_t>(page.limit)));
    std::iota(places.begin(), places.end(), 0);
    return places;
}

void ListRequest::tell_more(const std::string& cursor) {
    if (!rt_.out().structured() && !interrupt_) rt_.out().say("more rows: --cursor {} goes on, --all shows every one", cursor);
}

}  // namespace wabot::cli
