#include "core/database/postgres/postgres.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <thread>

#include "core/base/error.hpp"
#include "core/database/postgres/postgres_connection.hpp"
#include "core/database/postgres/postgres_url.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/answer_eater.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;

namespace {

/// Accounts whose sum never changes.
class Accounts {
public:
    Accounts() : db(database.open()) {
        auto make = [](Transaction& tx) {
            tx.script("CREATE TABLE accounts (id BIGINT PRIMARY KEY, amount BIGINT NOT NULL); INSERT INTO accounts VALUES (1, 100), (2, 100)");
        };
        write_and_wait(*db, make);
    }
    std::int64_t sum() {
        auto query = [](Snapshot& snapshot) { return snapshot.query("SELECT sum(amount) FROM accounts").one<std::int64_t>(); };
        return read_and_wait(*db, query);
    }
    std::int64_t amount(int id) {
        auto query = [id](Snapshot& snapshot) { return snapshot.query("SELECT amount FROM accounts WHERE id = $1", id).one<std::int64_t>(); };
        return read_and_wait(*db, query);
    }
    PostgresConnection connect() const { return PostgresConnection(to_libpq_url(database.url())); }

    test::ScratchDatabase database;
    std::unique_ptr<Database> db;
};

constexpr std::string_view take_sql = "UPDATE accounts SET amount = amount - 1 WHERE id = $1";
constexpr std::string_view give_sql = "UPDATE accounts SET amount = amount + 1 WHERE id = $1";

}  // namespace

TEST_CASE("postgres: units that lock each other out are run again until each is done once", "[postgres]") {
    Accounts accounts;
    asio::io_context context(1);
    int failures = 0;
    std::atomic<int> runs{0}, taken{0};
    for (int i = 0; i < 6; ++i) {
        auto move = [i, &runs, &taken](Transaction& tx) {
            ++runs;
            const int from = 1 + i % 2;
            tx.execute(take_sql, from);
            // Until the other direction has its first row, too.
            ++taken;
            for (int looks = 0; taken < 2 && looks < 1000; ++looks) tx.query("SELECT pg_sleep(0.005)");
            tx.execute(give_sql, 3 - from);
        };
        asio::co_spawn(context, accounts.db->write(move), [&](std::exception_ptr failure) { failures += failure ? 1 : 0; });
    }
    context.run();
    CHECK(failures == 0);
    CHECK(runs > 6);
    CHECK(accounts.amount(1) == 100);
    CHECK(accounts.sum() == 200);
}

TEST_CASE("postgres: rows of which some are there already cost the unit a second run, and the next one none", "[postgres]") {
    static constexpr InsertMany::Column columns[] = {{"id", Kind::integer}, {"amount", Kind::integer}};
    static constexpr InsertMany insert{.table = "accounts", .columns = columns, .on_conflict = "ON CONFLICT (id) DO NOTHING"};
    Accounts accounts;
    int runs = 0;
    const auto add = [&](std::int64_t from, std::int64_t to) {
        std::vector<std::vector<Value>> rows;
        for (std::int64_t id = from; id <= to; ++id) rows.push_back({id, std::int64_t{0}});
        auto unit = [&](Transaction& tx) {
            ++runs;
            tx.execute(take_sql, 1);
            return tx.insert_all(insert, rows);
        };
        return write_and_wait(*accounts.db, unit);
    };
    CHECK(add(3, 5) == 3);
    CHECK(runs == 1);
    CHECK(add(4, 7) == 2);
    CHECK(runs == 3);
    CHECK(add(8, 9) == 2);
    CHECK(runs == 4);
    CHECK(accounts.amount(1) == 97);
    static constexpr InsertMany elsewhere{
        .table = "accounts", .columns = columns, .on_conflict = "ON CONFLICT (amount) WHERE amount > 1000 DO NOTHING"};
    write_and_wait(*accounts.db, [](Transaction& tx) { tx.script("CREATE UNIQUE INDEX ON accounts (amount) WHERE amount > 1000"); });
    auto other_key = [](Transaction& tx) { return tx.insert_all(elsewhere, std::vector<std::vector<Value>>{{std::int64_t{1}, std::int64_t{0}}}); };
    CHECK(test::code_of([&] { write_and_wait(*accounts.db, other_key); }) == Errc::conflict);
}

TEST_CASE("postgres: a unit whose connection breaks before its commit is run again, once", "[postgres]") {
    Accounts accounts;
    int runs = 0;
    auto move = [&](Transaction& tx) {
        tx.execute(take_sql, 1);
        if (++runs == 1) {
            const auto session = tx.query("SELECT pg_backend_pid()::bigint").one<std::int64_t>();
            CHECK(accounts.connect().ask("SELECT pg_terminate_backend(" + std::to_string(session) + ", 5000)") == "t");
        }
        tx.execute(give_sql, 2);
    };
    write_and_wait(*accounts.db, move);
    CHECK(runs == 2);
    CHECK(accounts.amount(1) == 99);
    CHECK(accounts.amount(2) == 101);
}

TEST_CASE("postgres: connections cut while nobody used them are made anew without an error", "[postgres]") {
    Accounts accounts;
    CHECK(accounts.sum() == 200);
    accounts.connect().ask(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    CHECK(accounts.sum() == 200);
    auto move = [](Transaction& tx) { tx.execute(take_sql, 1); };
    write_and_wait(*accounts.db, move);
    CHECK(accounts.sum() == 199);
}

TEST_CASE("postgres: a unit that swallows a failed statement is not committed in part", "[postgres]") {
    Accounts accounts;
    auto unit = [](Transaction& tx) {
        tx.execute(take_sql, 1);
        try {
            tx.execute("INSERT INTO accounts VALUES (1, 5)");
        } catch (const Error&) {
        }
    };
    CHECK_THROWS_AS(write_and_wait(*accounts.db, unit), Error);
    CHECK(accounts.sum() == 200);
}

TEST_CASE("postgres: a lock that is not given up ends in unavailable, and the unit left nothing", "[postgres]") {
    Accounts accounts;
    auto holder = accounts.connect();
    ServerClock clock;
    holder.begin(PostgresConnection::Access::write, clock);
    holder.change("UPDATE accounts SET amount = 0 WHERE id = 2");
    auto move = [](Transaction& tx) {
        tx.script("SET LOCAL lock_timeout = '50ms'");
        tx.execute(take_sql, 1);
        tx.execute(give_sql, 2);
    };
    CHECK(test::code_of([&] { write_and_wait(*accounts.db, move); }) == Errc::unavailable);
    holder.rollback();
    CHECK(accounts.sum() == 200);
}

TEST_CASE("postgres: a reader cannot write", "[postgres]") {
    Accounts accounts;
    auto query = [](Snapshot& snapshot) { return snapshot.query("DELETE FROM accounts").size(); };
    CHECK(test::code_of([&] { read_and_wait(*accounts.db, query); }) == Errc::unavailable);
    CHECK(accounts.sum() == 200);
}

TEST_CASE("postgres: an account that is not let in and a database that is not there say so", "[postgres]") {
    const test::ScratchDatabase database;
    std::string url = database.url();
    const auto refusal = [](const std::string& to) {
        try {
            open_database(to, real_world().clock);
        } catch (const Error& error) {
            return fmt::format("{}: {} / {}", to_word(error.code()), error.what(), error.hint());
        }
        return std::string("was let in");
    };
    CHECK_THAT(refusal(url + "&dbname=nothing_here"),
               Catch::StartsWith("unavailable: ") && Catch::Contains("no such database") && Catch::Contains("createdb"));
    CHECK_THAT(refusal(url + "&user=nobody_here"),
               Catch::StartsWith("unauthenticated: ") && Catch::Contains("user") && Catch::Contains("DATABASE_URL"));
    CHECK_THAT(refusal(url + "&colour=red"), Catch::Contains("colour"));
    CHECK_THAT(refusal(url + "&host=/nowhere"), Catch::StartsWith("unavailable: ") && Catch::Contains("cannot be reached"));
}

TEST_CASE("postgres: the forms of its address", "[postgres][url]") {
    CHECK(is_postgres_url("postgres://a/b"));
    CHECK(is_postgres_url("postgresql+asyncpg://u:p@h:5432/d"));
    CHECK_FALSE(is_postgres_url("postgresqlite://x"));
    CHECK_FALSE(is_postgres_url("sqlite:///x"));
    const auto ours = to_libpq_url("postgresql+asyncpg://u:p%40@h:5432/d?ssl=require&connect_timeout=9");
    CHECK(ours.starts_with("postgresql://u:p%40@h:5432/d?sslmode=require&connect_timeout=9&"));
    CHECK(to_libpq_url("postgres:///d?ssl=false").starts_with("postgresql:///d?sslmode=disable&"));
}

TEST_CASE("postgres: a commit whose answer is lost is not said to have failed or run again", "[postgres]") {
    Accounts accounts;
    const test::ScratchFolder folder;
    const std::string direct = accounts.database.url();
    const auto host = direct.find("host=") + 5;
    test::AnswerEater eater(folder.path(), direct.substr(host, direct.find('&', host) - host));
    {
        const auto db = open_database(direct + "&host=" + folder.path().string(), real_world().clock);
        int runs = 0;
        auto move = [&runs](Transaction& tx) {
            ++runs;
            tx.execute(take_sql, 1);
        };
        eater.eat();
        CHECK_THROWS_AS(write_and_wait(*db, move), Error);
        CHECK(eater.has_eaten());
        CHECK(runs == 1);
        CHECK(accounts.amount(1) == 99);
        write_and_wait(*db, move);
        CHECK(accounts.amount(1) == 98);
    }
}

TEST_CASE("postgres: no part of a password stands in what is said of a wrong address", "[postgres][url]") {
    const auto says = [](std::string_view libpq) {
        const ConnectFault fault = explain_connect_fault(libpq);
        return fault.message + " / " + fault.hint;
    };
    for (const std::string_view libpq :
         {R"(invalid percent-encoded token: "s%zzecret")", R"(could not translate host name "secret@db" to address: unknown)",
          R"(invalid integer value "secret" for connection option "port")", R"(connection to server at "secret@db" failed)",
          R"(missing key/value separator "=" in URI query parameter: "secret@db/x")"})
        CHECK(says(libpq).find("ecret") == std::string::npos);
    CHECK_THAT(says(R"(could not translate host name "secret@db" to address: unknown)"),
               Catch::Contains("more than one @") && Catch::Contains("%40"));
    CHECK_THAT(says(R"(could not translate host name "db" to address: unknown)"), Catch::Contains("\"db\"") && !Catch::Contains("%40"));
}

TEST_CASE("postgres: a wrong address is an error of the settings, which does not mend itself", "[postgres][url]") {
    for (const std::string_view libpq : {R"(invalid percent-encoded token: "s%zz")", R"(could not translate host name "a@db" to address: unknown)",
                                         R"(invalid integer value "http" for connection option "port")", R"(invalid sslmode value: "always")",
                                         R"(invalid URI query parameter: "schema")", R"(invalid port number: "70000")"})
        CHECK(explain_connect_fault(libpq).code == Errc::invalid);
    CHECK(explain_connect_fault("connection refused").code == Errc::unavailable);
}

TEST_CASE("postgres: a server that refuses a connection says who can mend it", "[postgres][url]") {
    const std::string begin = "connection to server at \"db\", port 5432 failed: FATAL:  ";
    const auto explained = [&](std::string_view fatal) { return explain_connect_fault(begin + std::string(fatal)); };
    CHECK(explained(R"(permission denied for database "shop")").code == Errc::denied);
    CHECK_THAT(explained(R"(permission denied for database "shop")").hint, Catch::Contains("GRANT CONNECT"));
    CHECK(explained(R"(role "bot" is not permitted to log in)").code == Errc::denied);
    CHECK_THAT(explained(R"(role "bot" is not permitted to log in)").hint, Catch::Contains("LOGIN"));
    for (const std::string_view full :
         {"sorry, too many clients already", R"(too many connections for role "bot")", R"(too many connections for database "shop")"})
        CHECK_THAT(explained(full).hint, Catch::Contains("max_connections"));
    CHECK_THAT(explained(R"(database "shop" is not currently accepting connections)").hint, Catch::Contains("ALLOW_CONNECTIONS"));
    CHECK_THAT(explained("the database system is starting up").message, Catch::Contains("starting or stopping"));
}
