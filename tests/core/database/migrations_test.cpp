#include "core/database/migrations.hpp"
#include "core/base/hex.hpp"

#include <future>
#include <map>

#include "core/base/error.hpp"
#include "core/crypto/vault.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;

namespace {

Errc refusal_of(Database& db) {
    try {
        check_schema(db);
    } catch (const Error& error) {
        CHECK_FALSE(error.hint().empty());
        return error.code();
    }
    FAIL("the schema was accepted");
    return Errc::bug;
}

}  // namespace

TEST_CASE("migrations: the steps of each dialect are numbered without gaps and have a way back", "[migrations]") {
    const std::string dialect = GENERATE("sqlite", "postgres");
    const auto steps = migrations_for(dialect);
    REQUIRE(steps.size() == static_cast<std::size_t>(schema_max()));
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(steps[i].revision == static_cast<int>(i) + 1);
        CHECK_FALSE(steps[i].down.empty());
        CHECK(steps[i].checksum == to_hex(sha256(steps[i].up)));
    }
}

TEST_CASE("migrations: a store goes up from nothing, step by step, and back again", "[migrations]") {
    const test::ScratchDatabase database;
    const auto db = database.open();
    CHECK(refusal_of(*db) == Errc::conflict);
    CHECK(db->table_names().empty());

    CHECK(migrate_up(*db, 1).size() == 1);
    CHECK(refusal_of(*db) == Errc::conflict);
    const auto tables_of_first = db->table_names();

    CHECK(migrate_up(*db).size() == static_cast<std::size_t>(schema_max()) - 1);
    check_schema(*db);
    CHECK(migrate_up(*db).empty());
    for (const auto& step : migration_status(*db)) CHECK(step.applied);

    while (migrate_down(*db).revision > 2) continue;
    CHECK(db->table_names() == tables_of_first);
    migrate_up(*db);
    check_schema(*db);
}

TEST_CASE("migrations: of two processes that migrate at once each step is taken by one", "[migrations]") {
    const test::ScratchDatabase database;
    const auto migrate = [&database] {
        const auto db = database.open();
        return migrate_up(*db).size();
    };
    auto other = std::async(std::launch::async, migrate);
    const std::size_t ours = migrate();
    CHECK(ours + other.get() == static_cast<std::size_t>(schema_max()));
    check_schema(*database.open());
}

TEST_CASE("migrations: upgrading a store with data keeps the data and leaves a backup", "[migrations]") {
    const test::ScratchDatabase database;
    const auto db = database.open();
    migrate_up(*db, 1);
    auto add = [](Transaction& tx) {
        tx.execute("INSERT INTO devices (key, name, kind, status, created_at, updated_at) VALUES ('old', 'old', 'sim', 'connected', 1, 1)");
    };
    write_and_wait(*db, add);
    migrate_up(*db);
    auto look = [](Snapshot& snapshot) { return snapshot.query("SELECT key FROM devices").one<std::string>(); };
    CHECK(read_and_wait(*db, look) == "old");
    if (test::ScratchDatabase::is_postgres()) return;  // which has tools of its own for that
    int backups = 0;
    for (const auto& entry : std::filesystem::directory_iterator(database.folder())) backups += entry.path().extension() == ".bak" ? 1 : 0;
    CHECK(backups == 1);
}

TEST_CASE("migrations: what stood in sentences is read from them once", "[migrations]") {
    using Words = std::vector<std::string>;
    const test::ScratchDatabase database;
    const auto db = database.open();
    migrate_up(*db, 12);
    const auto all_of = [&](std::string sql) {
        auto look = [sql](Snapshot& snapshot) { return snapshot.query(sql).all<std::string>(); };
        return read_and_wait(*db, look);
    };
    auto fill = [](Transaction& tx) {
        const auto device = [&](std::string_view key, std::string_view status, std::optional<std::string> error) {
            static constexpr std::string_view sql =
                "INSERT INTO devices (key, name, kind, status, last_error, created_at, updated_at) VALUES ($1, $1, 'sim', $2, $3, 1, 1)";
            tx.execute(sql, key, status, error);
        };
        device("banned", "error", "account: DISABLED_UPDATE");
        device("expired", "error", "190: the token has expired");
        device("fine", "connected", std::nullopt);
        for (const char* error :
             {"131049: held back", "http_502: a gateway said: no", "connect: refused", "its worker stopped", "no answer: closed", ""}) {
            static constexpr std::string_view sql =
                "INSERT INTO failed_attempts (queue, work_id, attempt, began_at, failed_at, error) VALUES ('send', 1, 1, 1, 1, $1)";
            tx.execute(sql, error);
        }
        tx.execute("INSERT INTO failed_attempts (queue, work_id, attempt, began_at, failed_at, error) VALUES ('job', 1, 1, 1, 1, 'disk: full')");
        for (const char* actor : {"cli:ana", "worker"})
            tx.execute("INSERT INTO changes (kind, object_type, object_id, actor, request_id, created_at) VALUES ('x', 'x', 1, $1, '', 1)", actor);
    };
    write_and_wait(*db, fill);
    migrate_up(*db);
    CHECK(all_of("SELECT COALESCE(error_kind, '-') FROM devices ORDER BY key") == Words{"account_event", "send_refused", "-"});
    CHECK(all_of("SELECT COALESCE(error_code, '-') FROM failed_attempts ORDER BY id") == Words{"131049", "http_502", "connect", "-", "-", "-", "-"});
    CHECK(all_of("SELECT actor_kind FROM changes ORDER BY id") == Words{"cli", "system"});
    migrate_down(*db);
    migrate_up(*db);
    CHECK(all_of("SELECT COALESCE(error_kind, '-') FROM devices ORDER BY key") == Words{"account_event", "send_refused", "-"});
}

TEST_CASE("migrations: the reason of each turn of an older store becomes a word", "[migrations]") {
    test::ScratchStore store;
    const std::map<std::string, std::string> known{{"rule 2 \"open\"", "rule"},
                                                   {"rule 1 \"x\", an empty reply", "empty_reply"},
                                                   {"fallback", "fallback"},
                                                   {"no agent", "no_agent"},
                                                   {"no agent: faq is switched off", "no_agent"},
                                                   {"no rule matched", "no_rule"},
                                                   {"loop limit", "loop_limit"},
                                                   {"device inactive", "device_inactive"},
                                                   {"window closed", "window_closed"},
                                                   {"human", "human"},
                                                   {"blocked", "blocked"},
                                                   {"revoked", "revoked"},
                                                   {"cancelled", "cancelled"},
                                                   {"ignore rule 3, contact", "ignored"}};
    while (migrate_down(store.db()).name != "0013_reasons") continue;
    auto fill = [&known](Transaction& tx) {
        tx.execute("INSERT INTO devices (key, name, kind, status, created_at, updated_at) VALUES ('shop', 'shop', 'sim', 'connected', 1, 1)");
        static constexpr std::string_view contact_sql = R"sql(
            INSERT INTO contacts (device_id, contact_jid_enc, contact_jid_hash, contact_jid_last4, created_at, updated_at)
            VALUES (1, $1, $1, 'aaaa', 1, 1))sql";
        tx.execute(contact_sql, Bytes{"x"});
        tx.execute("INSERT INTO conversations (key, device_id, contact_id, created_at, updated_at) VALUES ('c', 1, 1, 1, 1)");
        static constexpr std::string_view message_sql = R"sql(
            INSERT INTO messages (conversation_id, device_id, direction, sender_kind, message_type, status, timestamp, created_at, updated_at)
            VALUES (1, 1, 'incoming', 'contact', 'text', 'received', 1, 1, 1))sql";
        tx.execute(message_sql);
        static constexpr std::string_view turn_sql = R"sql(
            INSERT INTO turns (conversation_id, first_message_id, last_message_id, outcome, reason, created_at, updated_at)
            VALUES (1, 1, 1, $1, $2, 1, 1))sql";
        const std::optional<std::string> none;
        for (const auto& [reason, kind] : known) tx.execute(turn_sql, "no_reply", reason);
        tx.execute(turn_sql, "dead", none);
        tx.execute(turn_sql, none, none);
    };
    write_and_wait(store.db(), fill);
    migrate_up(store.db());
    auto look = [](Snapshot& snapshot) { return snapshot.query("SELECT COALESCE(reason_kind, '-') FROM turns ORDER BY id").all<std::string>(); };
    std::vector<std::string> wanted;
    for (const auto& [reason, kind] : known) wanted.push_back(kind);
    wanted.insert(wanted.end(), {"failed", "-"});
    CHECK(read_and_wait(store.db(), look) == wanted);
}

TEST_CASE("migrations: a foreign, a newer and a changed store are refused and left alone", "[migrations]") {
    const test::ScratchDatabase database;
    const auto db = database.open();
    SECTION("made by another tool") {
        auto make = [](Transaction& tx) { tx.script("CREATE TABLE alembic_version (version_num TEXT)"); };
        write_and_wait(*db, make);
        CHECK(refusal_of(*db) == Errc::conflict);
        CHECK_THROWS_AS(migrate_up(*db), Error);
        CHECK(db->table_names() == std::vector<std::string>{"alembic_version"});
    }
    SECTION("newer than this binary") {
        migrate_up(*db);
        auto newer = [](Transaction& tx) {
            tx.execute("INSERT INTO schema_migrations (revision, name, checksum, applied_at) VALUES ($1, 'later', '', 1)", schema_max() + 1);
        };
        write_and_wait(*db, newer);
        CHECK(refusal_of(*db) == Errc::conflict);
        CHECK_THROWS_AS(migration_status(*db), Error);
        CHECK_THROWS_AS(migrate_up(*db), Error);
        CHECK_THROWS_AS(migrate_down(*db), Error);
    }
    SECTION("changed by hand") {
        migrate_up(*db);
        auto change = [](Transaction& tx) { tx.execute("UPDATE schema_migrations SET checksum = 'x' WHERE revision = 1"); };
        write_and_wait(*db, change);
        CHECK(refusal_of(*db) == Errc::conflict);
    }
}

TEST_CASE("migrations: a step that fails half way leaves the store as it was", "[migrations]") {
    const test::ScratchDatabase database;
    const auto db = database.open();
    migrate_up(*db, 2);
    const auto tables = db->table_names();
    // The last thing the next step makes is there already.
    const std::string integer = test::ScratchDatabase::is_postgres() ? "BIGINT" : "INTEGER";
    auto be_in_the_way = [&integer](Transaction& tx) { tx.script("ALTER TABLE inbox ADD COLUMN verified_by " + integer); };
    write_and_wait(*db, be_in_the_way);
    CHECK_THROWS_AS(migrate_up(*db), Error);
    CHECK(db->table_names() == tables);
    CHECK(migration_status(*db).at(2).applied == false);
    auto get_out = [](Transaction& tx) { tx.script("ALTER TABLE inbox DROP COLUMN verified_by"); };
    write_and_wait(*db, get_out);
    migrate_up(*db);
    check_schema(*db);
}
