#include "core/database/listing.hpp"
#include "core/base/clock.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/database/filter.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"

namespace wabot {

WABOT_ENUM(Diet, meat, plants)

struct ListedPet {
    Id<ListedPet> id;
    std::optional<std::string> name;
    std::optional<double> weight;
    bool tame = true;
    Diet diet = Diet::meat;
    std::optional<Time> seen_at;
    std::optional<Sealed> phone;
    JsonText notes;
    std::string code;
};
WABOT_DESCRIBE(ListedPet, FIELD(id, .key = true), FIELD(name), FIELD(weight), FIELD(tame), FIELD(diet), FIELD(seen_at),
               FIELD(phone, .sealed = "pets.phone"), FIELD(notes), FIELD(code, .secret = true))

}  // namespace wabot

using namespace wabot;
using namespace wabot::test;

namespace {

using Ids = std::vector<std::int64_t>;

/// Of two values of one kind that has an order.
bool is_less(const Value& a, const Value& b) {
    const auto of = [&](auto kind) {
        using T = decltype(kind);
        return std::holds_alternative<T>(a) && std::get<T>(a) < std::get<T>(b);
    };
    return of(bool{}) || of(std::int64_t{}) || of(double{}) || of(std::string{}) || of(Time{});
}

struct ListedPets {
    ScratchStore store;
    Time noon = *from_iso("2026-01-05T12:00:00Z");
    std::vector<ListedPet> all;

    ListedPets() {
        store.write([](Transaction& tx) {
            tx.script(
                "CREATE TABLE listed_pets (id BIGINT PRIMARY KEY, name TEXT, weight DOUBLE PRECISION, tame BOOLEAN NOT NULL, diet TEXT NOT NULL, "
                "seen_at BIGINT, phone_enc BYTEA, phone_hash BYTEA, phone_last4 TEXT, notes TEXT NOT NULL, code TEXT NOT NULL);");
        });
        add("Rex", 12.5, true, Diet::meat, 48);
        add("ana", std::nullopt, false, Diet::plants, 36);
        add("Zoë", 3, true, Diet::plants, 24);
        add(std::nullopt, 3, false, Diet::meat, std::nullopt);
        add("100% _tame_", 0.5, true, Diet::meat, 1, "+49");
        add("Rex", std::nullopt, false, Diet::meat, 0);
        add("it's \"Al\"", 7, true, Diet::plants, 3);
    }

    void add(std::optional<std::string> name, std::optional<double> weight, bool tame, Diet diet, std::optional<int> hours_ago,
             const std::string& phone = "") {
        ListedPet pet{{static_cast<std::int64_t>(all.size()) + 1}, std::move(name), weight, tame, diet};
        if (hours_ago) pet.seen_at = noon - std::chrono::hours(*hours_ago);
        const auto hash = phone.empty() ? std::nullopt : std::optional(Bytes{phone});
        store.write([&](Transaction& tx) {
            static constexpr std::string_view sql = R"sql(
                INSERT INTO listed_pets (id, name, weight, tame, diet, seen_at, phone_enc, phone_hash, phone_last4, notes, code)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $7, '', '{}', 'x'))sql";
            tx.execute(sql, pet.id, pet.name, pet.weight, pet.tame, pet.diet, pet.seen_at, hash);
        });
        all.push_back(std::move(pet));
    }

    std::vector<ListedPet> page(const Page& page, const Listing& listing = {.select = "SELECT * FROM listed_pets"}) {
        return store.read([&](Snapshot& db) { return list_page<ListedPet>(db, listing, {}, page); });
    }
    Condition filter(std::string_view text) const {
        return read_filter(text, {.fields = fields_of<ListedPet>, .now = noon, .hash = [](const Field&, std::string_view phone) {
                                      return Bytes{std::string(phone)};
                                  }});
    }
    Ids ids(std::string_view text) {
        Ids out;
        for (const ListedPet& pet : page({.query = {.where = filter(text)}})) out.push_back(pet.id.value);
        return out;
    }
    std::string fault(std::string_view text) const {
        try {
            filter(text);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::bad_request);
            return error.what();
        }
        return "no fault";
    }
};

}  // namespace

TEST_CASE_METHOD(ListedPets, "filter: comparisons choose the rows they say", "[listing]") {
    CHECK(ids("name = Rex") == Ids{1, 6});
    CHECK(ids("name != Rex") == Ids{2, 3, 4, 5, 7});
    CHECK(ids("name < a") == Ids{1, 3, 5, 6});
    CHECK(ids("name >= 'a'") == Ids{2, 7});
    CHECK(ids("name ~ REX") == Ids{1, 6});
    CHECK(ids("name ~ \"% _\"") == Ids{5});
    CHECK(ids("name ~ \"oë\"") == Ids{3});
    CHECK(ids(R"(name = "it's \"Al\"")") == Ids{7});
    CHECK(ids("name is null") == Ids{4});
    CHECK(ids("name IS NOT NULL AND weight IS null") == Ids{2, 6});
    CHECK(ids("weight > 3") == Ids{1, 7});
    CHECK(ids("weight<=3") == Ids{3, 4, 5});
    CHECK(ids("id in (1, 3, 99)") == Ids{1, 3});
    CHECK(ids("tame = yes and diet in (plants)") == Ids{3, 7});
    CHECK(ids("tame is false") == Ids{2, 4, 6});
    CHECK(ids("tame is not false") == Ids{1, 3, 5, 7});
    CHECK(ids("seen_at >= 24h") == Ids{3, 5, 6, 7});
    CHECK(ids("seen_at < '2026-01-04 11:00'") == Ids{1, 2});
    CHECK(ids("phone = +49") == Ids{5});
    CHECK(ids("phone is null and id < 3") == Ids{1, 2});
    CHECK(ids("phone in (+49, +50)") == Ids{5});
    CHECK(ids("notes is not null and id = 1") == Ids{1});
}

TEST_CASE_METHOD(ListedPets, "filter: and binds closer than or, not closest, and what is unknown is not", "[listing]") {
    CHECK(ids("id = 1 or id = 2 and name = nobody") == Ids{1});
    CHECK(ids("(id = 1 or id = 2) and name = ana") == Ids{2});
    CHECK(ids("not name = Rex") == Ids{2, 3, 4, 5, 7});
    CHECK(ids("not (name = Rex or weight > 1)") == Ids{2, 5});
    CHECK(ids("not not name = Rex") == Ids{1, 6});
    CHECK(ids("not (name != Rex)") == Ids{1, 6});
    CHECK(ids("not name in (Rex, ana) and not weight < 5") == Ids{7});
    CHECK(ids("not name ~ e") == Ids{2, 3, 4, 7});
    CHECK(ids("not id = 1 and id < 3") == Ids{2});
}

TEST_CASE_METHOD(ListedPets, "filter: what is wrong is told with its column", "[listing]") {
    CHECK(fault("nmae = Rex") == "column 1: no field \"nmae\"; did you mean \"name\"?");
    CHECK(fault("code = x") == "column 1: no field \"code\"");
    CHECK(fault("") == "column 1: a comparison is missing");
    CHECK(fault("id = 1 and") == "column 11: a comparison is missing");
    CHECK(fault("name like Rex") == "column 6: after name comes one of = != < <= > >= ~ in is");
    CHECK(fault("name =") == "column 7: a value is missing");
    CHECK(fault("name = Rex Max") == "column 12: \"Max\" is not expected here");
    CHECK(fault("(name = Rex") == "column 12: a parenthesis is not closed");
    CHECK(fault("name in (Rex") == "column 13: a list is not closed");
    CHECK(fault("name = \"Rex") == "column 8: a quote is not closed");
    CHECK(fault("id = one") == "column 6: id is compared with a whole number");
    CHECK(fault("tame = 1") == "column 8: tame is compared with yes or no");
    CHECK(fault("diet = fish") == "column 8: diet is never \"fish\"");
    CHECK(fault("seen_at > soon").starts_with("column 11: seen_at is compared with a time"));
    CHECK(fault("phone ~ 49") == "column 7: phone is sealed: what it holds can only be asked for as a whole");
    CHECK(fault("notes = x") == "column 7: notes is a document, which only \"is null\" can ask for");
    CHECK(fault("name is true") == "column 9: name is neither true nor false");
    CHECK(fault("id ~ 1") == "column 4: id is no text to look into");
    CHECK(fault(std::string(200, '(')).find("deeper than") != std::string::npos);
    std::string deep, many = "id = 1";
    for (int i = 0; i < 200; ++i) deep += "not ";
    for (int i = 0; i < 200; ++i) many += " or id = 1";
    CHECK(fault(deep + "id = 1").find("deeper than") != std::string::npos);
    CHECK(fault(many).find("more than 100 comparisons") != std::string::npos);
    CHECK(fault(std::string(10'000, ' ')).find("longer than") != std::string::npos);
}

TEST_CASE_METHOD(ListedPets, "listing: parts follow each other by any field, both ways, with rows without a value last", "[listing]") {
    for (const std::string_view name : sort_fields(fields_of<ListedPet>)) {
        for (const bool descending : {false, true}) {
            Page part;
            read_sort(std::string(name) + (descending ? ":desc" : ":asc"), fields_of<ListedPet>, part.query);
            const Field& field = *part.query.sort;
            std::vector<ListedPet> expected = all;
            const auto before = [&](const ListedPet& a, const ListedPet& b) {
                const Value x = field.get(&a), y = field.get(&b);
                const bool x_missing = x.index() == 0, y_missing = y.index() == 0;
                if (x_missing != y_missing) return y_missing;
                if (x != y) return descending ? is_less(y, x) : is_less(x, y);
                return descending ? b.id < a.id : a.id < b.id;
            };
            std::sort(expected.begin(), expected.end(), before);
            for (const int limit : {1, 2, 3, 50}) {
                part.limit = limit;
                part.after = 0;
                part.after_value = {};
                Ids shown, wanted;
                for (std::vector<ListedPet> rows = page(part); !rows.empty(); rows = page(part)) {
                    for (const ListedPet& pet : rows) shown.push_back(pet.id.value);
                    part.after = rows.back().id.value;
                    part.after_value = field.get(&rows.back());
                    // As it goes through a script.
                    const std::string cursor = to_cursor(part);
                    part.after = 0;
                    part.after_value = {};
                    read_cursor(cursor, part);
                }
                for (const ListedPet& pet : expected) wanted.push_back(pet.id.value);
                INFO(name << " " << descending << " " << limit);
                CHECK(shown == wanted);
            }
        }
    }
}

TEST_CASE_METHOD(ListedPets, "listing: a cursor goes with its order, and an order with its fields", "[listing]") {
    Page by_name;
    read_sort("name", fields_of<ListedPet>, by_name.query);
    by_name.after = 3;
    by_name.after_value = std::string("Zoë");
    const std::string cursor = to_cursor(by_name);
    Page by_weight, plain;
    read_sort("weight", fields_of<ListedPet>, by_weight.query);
    CHECK(code_of([&] { read_cursor(cursor, by_weight); }) == Errc::bad_request);
    CHECK(code_of([&] { read_cursor(cursor, plain); }) == Errc::bad_request);
    for (const char* word : {"", "x", "-1", "1 ", "5b5d", "99999999999999999999"})
        CHECK(code_of([&] { read_cursor(word, plain); }) == Errc::bad_request);
    CHECK(code_of([&] { read_cursor("12", by_name); }) == Errc::bad_request);
    for (const char* word : {"phone", "notes", "code", "nmae", "name:up", "name:", ""})
        CHECK(code_of([&] { read_sort(word, fields_of<ListedPet>, plain.query); }) == Errc::bad_request);
}

TEST_CASE_METHOD(ListedPets, "listing: since and until choose by the list's time, the end outside", "[listing]") {
    const Listing listing{.select = "SELECT * FROM listed_pets", .newest_first = true, .time = "seen_at"};
    const auto between = [&](std::optional<Time> since, std::optional<Time> until, const Listing& of) {
        Ids out;
        for (const ListedPet& pet : page({.query = {.since = since, .until = until}}, of)) out.push_back(pet.id.value);
        return out;
    };
    using std::chrono::hours;
    CHECK(between(noon - hours(24), std::nullopt, listing) == Ids{7, 6, 5, 3});
    CHECK(between(noon - hours(36), noon - hours(3), listing) == Ids{3, 2});
    CHECK(between(std::nullopt, noon - hours(36), listing) == Ids{1});
}

TEST_CASE_METHOD(ListedPets, "listing: where ids grow with time, they are looked for from a place near it", "[listing]") {
    store.write([&](Transaction& tx) {
        tx.execute("DELETE FROM listed_pets");
        for (std::int64_t i = 1; i <= 400; ++i)
            if (i % 7 != 0)  // some are gone
                tx.execute("INSERT INTO listed_pets (id, tame, diet, seen_at, notes, code) VALUES ($1, $2, 'meat', $3, '{}', 'x')", i, true,
                           noon + std::chrono::minutes(30 * i));
    });
    const Listing listing{.select = "SELECT * FROM listed_pets", .time = "seen_at", .log = "listed_pets"};
    for (const int from : {-5, 1, 2, 100, 399, 400, 401}) {
        const Page part{.limit = 1000,
                        .query = {.since = noon + std::chrono::minutes(30 * from), .until = noon + std::chrono::minutes(30 * (from + 50))}};
        Ids expected, shown;
        for (std::int64_t i = std::max(from, 1); i < std::min(from + 50, 401); ++i)
            if (i % 7 != 0) expected.push_back(i);
        for (const ListedPet& pet : page(part, listing)) shown.push_back(pet.id.value);
        CHECK(shown == expected);
        const ListingStatement statement = store.read([&](Snapshot& db) { return listing_statement(db, listing, {}, part); });
        CHECK(statement.sql.find("id > $1 AND seen_at >= $2 AND id <= $3") != std::string::npos);
        // Give or take an hour: two rows.
        if (from > 3 && from < 400) CHECK(std::get<std::int64_t>(statement.values[0]) >= from - 4);
    }
}
