#include "core/database/listing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

/// The last id whose row is older than `time`: ids grow with time, as far as the clocks and transactions of those who write agree.
std::int64_t last_id_before(Snapshot& db, const Listing& listing, Time time) {
    const std::string newest = fmt::format("SELECT id FROM {} ORDER BY id DESC LIMIT 1", listing.log);
    const std::string next = fmt::format("SELECT {} FROM {} WHERE id > $1 ORDER BY id LIMIT 1", listing.time, listing.log);
    std::int64_t before = 0, from = db.query(newest).first<std::int64_t>().value_or(0);
    while (before < from) {
        const std::int64_t middle = before + (from - before) / 2;
        const auto at = db.query(next, middle).first<Time>();
        if (at && *at < time)
            before = middle + 1;
        else
            from = middle;
    }
    return before;
}

Condition time_condition(Snapshot& db, const Listing& listing, const ListQuery& query) {
    constexpr std::chrono::hours disagreement(1);
    Condition when;
    if (query.since) {
        if (!listing.log.empty()) when.also(fmt::format("{} > ?", listing.id), last_id_before(db, listing, *query.since - disagreement));
        when.also(fmt::format("{} >= ?", listing.time), *query.since);
    }
    if (query.until) {
        if (!listing.log.empty()) when.also(fmt::format("{} <= ?", listing.id), last_id_before(db, listing, *query.until + disagreement));
        when.also(fmt::format("{} < ?", listing.time), *query.until);
    }
    return when;
}

/// As it is compared: texts by their bytes, in both databases.
std::string comparable(const Field& field) {
    return std::string(field.name) + (field.kind == Kind::text ? " {|COLLATE \"C\"}" : "");
}

/// Rows after the last one of the part before. Rows without a value come last, whichever way.
Condition place_condition(const Listing& listing, const Page& page) {
    const Field* sort = page.query.sort;
    if (page.after == 0) return {};
    if (sort == nullptr) return {fmt::format("{} {} ?", listing.id, listing.newest_first ? "<" : ">"), {page.after}};
    const std::string_view sign = page.query.descending ? "<" : ">";
    const std::string beyond = fmt::format("{} {} ?", listing.id, sign);
    if (std::holds_alternative<std::monostate>(page.after_value)) return {fmt::format("({} IS NULL AND {})", sort->name, beyond), {page.after}};
    const std::string nothing = sort->nullable ? fmt::format(" OR {} IS NULL", sort->name) : "";
    return {fmt::format("({0} {1} ? OR ({2} = ? AND {3}){4})", comparable(*sort), sign, sort->name, beyond, nothing),
            {page.after_value, page.after_value, page.after}};
}

std::string order_of(const Listing& listing, const ListQuery& query) {
    if (query.sort == nullptr) return fmt::format("{} {}", listing.id, listing.newest_first ? "DESC" : "ASC");
    const std::string_view way = query.descending ? "DESC" : "ASC";
    return fmt::format("{} {} NULLS LAST, {} {}", comparable(*query.sort), way, listing.id, way);
}

/// With $1, $2, ... in the place of each `?`.
std::string numbered(std::string_view sql) {
    std::string out;
    int number = 0;
    for (const char c : sql) c == '?' ? out += fmt::format("${}", ++number) : out += c;
    return out;
}

bool has_order(const Field& field) {
    return !field.note.secret && field.kind != Kind::json && field.kind != Kind::bytes && field.kind != Kind::sealed;
}

Value value_of(const Field& field, const Json& json) {
    switch (field.kind) {
        case Kind::boolean: return json.is_boolean() ? Value(json.get<bool>()) : Value{};
        case Kind::integer: return json.is_number_integer() ? Value(json.get<std::int64_t>()) : Value{};
        case Kind::number: return json.is_number() ? Value(json.get<double>()) : Value{};
        case Kind::time: return json.is_number_integer() ? Value(Time(std::chrono::microseconds(json.get<std::int64_t>()))) : Value{};
        default: return json.is_string() ? Value(json.get<std::string>()) : Value{};
    }
}

Json json_of(const Value& value) {
    struct Write {
        Json operator()(std::monostate) const { return nullptr; }
        Json operator()(bool v) const { return v; }
        Json operator()(std::int64_t v) const { return v; }
        Json operator()(double v) const { return v; }
        Json operator()(const std::string& v) const { return v; }
        Json operator()(Time v) const { return v.time_since_epoch().count(); }
        Json operator()(const Bytes&) const { return nullptr; }
        Json operator()(const JsonText&) const { return nullptr; }
        Json operator()(const Sealed&) const { return nullptr; }
    };
    return std::visit(Write{}, value);
}

std::string order_word(const ListQuery& query) {
    return std::string(query.sort->name) + (query.descending ? ":desc" : "");
}

}  // namespace

ListingStatement listing_statement(Snapshot& db, const Listing& listing, Condition own, const Page& page) {
    own.also(page.query.where);
    own.also(time_condition(db, listing, page.query));
    own.also(place_condition(listing, page));
    own.values.push_back(static_cast<std::int64_t>(page.size()));
    const std::string where = own.sql.empty() ? "" : " WHERE " + own.sql;
    return {numbered(fmt::format("SELECT * FROM ({}) q{} ORDER BY {} LIMIT ?", listing.select, where, order_of(listing, page.query))),
            std::move(own.values)};
}

std::string to_cursor(const Page& page) {
    if (page.query.sort == nullptr) return std::to_string(page.after);
    return to_hex(write_json(Json::array({order_word(page.query), json_of(page.after_value), page.after})));
}

void read_cursor(std::string_view cursor, Page& page) {
    const Field* sort = page.query.sort;
    const auto refuse = [&] { throw Error(Errc::bad_request, "no cursor of this list and order", "a cursor is the next_cursor of the part before"); };
    if (sort == nullptr) {
        const auto [end, failed] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), page.after);
        if (failed != std::errc() || end != cursor.data() + cursor.size() || page.after < 0) refuse();
        return;
    }
    const auto text = from_hex(cursor);
    const Json json = text ? Json::parse(*text, nullptr, false) : Json(Json::value_t::discarded);
    if (!json.is_array() || json.size() != 3 || json[0] != order_word(page.query) || !json[2].is_number_integer()) refuse();
    page.after_value = value_of(*sort, json[1]);
    page.after = json[2].get<std::int64_t>();
}

std::vector<std::string_view> sort_fields(std::span<const Field> fields) {
    std::vector<std::string_view> names;
    for (const Field& field : fields)
        if (has_order(field)) names.push_back(field.name);
    return names;
}

void read_sort(std::string_view text, std::span<const Field> fields, ListQuery& query) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon), way = text.substr(std::min(colon + 1, text.size()));
    if (colon < text.size() && way != "asc" && way != "desc")
        throw Error(Errc::bad_request, fmt::format("\"{}\" is no order", way), "FIELD, FIELD:asc or FIELD:desc");
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name && has_order(field); });
    if (found == fields.end()) {
        const auto names = sort_fields(fields);
        const std::string suggestion = did_you_mean(name, names);
        throw Error(Errc::bad_request, fmt::format("no field \"{}\" to sort by{}{}", name, suggestion.empty() ? "" : "; ", suggestion),
                    fmt::format("fields: {}", fmt::join(names, ", ")));
    }
    query.sort = &*found;
    query.descending = way == "desc";
}

}  // namespace wabot
