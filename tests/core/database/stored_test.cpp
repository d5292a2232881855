// Stores as the binaries of earlier versions left them, with rows in every table: tests/stored. One of each released version, and until the first
// one of the schema that every later revision begins from.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "core/database/migrations.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

using Lines = std::set<std::string>;

// All that a schema is: columns with their types and defaults, rules, indexes. Rules without brackets, of which a dump has fewer.
constexpr std::string_view sqlite_schema_sql = R"sql(
    SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
    UNION ALL SELECT t.name || '.' || f."from" || ' -> ' || f."table" || '.' || COALESCE(f."to", '')
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
    UNION ALL SELECT type || ' ' || name || ' ' || sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL
    )sql";
constexpr std::string_view postgres_schema_sql = R"sql(
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '') || ' ' || is_identity AS line
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT conrelid::regclass::text || ' ' || conname || ' ' || translate(pg_get_constraintdef(oid), '()', '') FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT translate(indexdef, '()', '') FROM pg_indexes WHERE schemaname = 'public'
    )sql";

Lines minus(const Lines& a, const Lines& b) {
    Lines out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
    return out;
}

Lines schema_of(Database& db) {
    auto query = [](Snapshot& snapshot) {
        return snapshot.query(ScratchDatabase::is_postgres() ? postgres_schema_sql : sqlite_schema_sql).all<std::string>();
    };
    const auto lines = read_and_wait(db, query);
    return {lines.begin(), lines.end()};
}

/// Compares with the schema that a store has which was empty and migrated up to `revision`.
void check_schema_is_of(Database& db, int revision) {
    const ScratchDatabase database;
    const auto empty = database.open();
    migrate_up(*empty, revision);
    const Lines is = schema_of(db), should_be = schema_of(*empty);
    CHECK(should_be.size() > 50);
    CHECK(minus(is, should_be) == Lines{});
    CHECK(minus(should_be, is) == Lines{});
}

std::map<std::string, std::int64_t> rows_of(Database& db) {
    std::map<std::string, std::int64_t> out;
    for (const std::string& table : db.table_names()) {
        auto query = [&table](Snapshot& snapshot) { return snapshot.query("SELECT count(*) FROM " + table).one<std::int64_t>(); };
        out[table] = read_and_wait(db, query);
    }
    out.erase("schema_migrations");
    return out;
}

std::vector<std::filesystem::path> stored_stores() {
    const std::filesystem::path folder = std::filesystem::path(WABOT_STORED) / (ScratchDatabase::is_postgres() ? "postgres" : "sqlite");
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

std::string text_of(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

int revision_of(Database& db) {
    int revision = 0;
    for (const MigrationStatus& step : migration_status(db)) revision += step.applied ? 1 : 0;
    return revision;
}

}  // namespace

TEST_CASE("stored: there is a store of an earlier version, named as its newest revision", "[migrations]") {
    const auto kept = stored_stores();
    const auto known = migrations_for(ScratchDatabase::is_postgres() ? "postgres" : "sqlite");
    REQUIRE_FALSE(kept.empty());
    for (const auto& path : kept) CHECK(std::ranges::any_of(known, [&](const Migration& step) { return path.stem() == std::string(step.name); }));
}

TEST_CASE("stored: a store of each revision is brought up with all its rows, and goes back one step and up again", "[migrations]") {
    for (const auto& path : stored_stores()) {
        const std::string name = path.stem();
        CAPTURE(name);
        const ScratchDatabase database;
        {
            auto restore = [text = text_of(path)](Transaction& tx) { tx.script(text); };
            write_and_wait(*database.open(), restore);
        }
        const auto db = database.open();
        const int revision = revision_of(*db);
        CHECK(revision == std::stoi(name));
        check_schema_is_of(*db, revision);
        const auto rows = rows_of(*db);
        for (const auto& [table, count] : rows) {
            CAPTURE(table);
            CHECK(count > 0);
        }

        CHECK(migrate_up(*db).size() == static_cast<std::size_t>(schema_max() - revision));
        check_schema(*db);
        check_schema_is_of(*db, schema_max());
        const auto upgraded = rows_of(*db);
        for (const auto& [table, count] : rows) {
            CAPTURE(table);
            CHECK(upgraded.at(table) == count);
        }

        migrate_down(*db);
        CHECK(revision_of(*db) == schema_max() - 1);
        check_schema_is_of(*db, schema_max() - 1);
        migrate_up(*db);
        check_schema(*db);
        check_schema_is_of(*db, schema_max());
        // What the newest step brought went with it; the rest is there.
        const auto again = rows_of(*db);
        for (const auto& [table, count] : rows) {
            CAPTURE(table);
            CHECK((revision == schema_max() || again.at(table) == count));
        }
    }
}
