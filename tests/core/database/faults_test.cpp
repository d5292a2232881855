#include <sqlite3.h>

#include "core/database/postgres/postgres_faults.hpp"
#include "core/database/sqlite/sqlite_faults.hpp"
#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("database: what a server cannot or may not do is no fault of ours", "[database]") {
    // Classes 08, 25, 28, 3D, 3F, 53, 54, 55, 57, 58, F0, XX of appendix A, and single states of 42.
    const std::string_view state =
        GENERATE("08006", "25006", "28000", "3D000", "3F000", "42501", "42P01", "42703", "53100", "53200", "53300", "54000", "55P03", "57014",
                 "57P01", "58030", "F0001", "XX000", "XX001", "22021", "22P05", "25P03", "26000", "P0001");
    INFO(state);
    CHECK(fault_of_sqlstate(state).code != Errc::bug);
    CHECK(fault_of_sqlstate("42601").code == Errc::bug);  // a syntax error is
    CHECK(fault_of_sqlstate(state).is_of_data == (state == "22021"));
}

TEST_CASE("database: a missing right on PostgreSQL comes with what helps", "[database]") {
    const DatabaseFault fault = fault_of_sqlstate("42501");
    CHECK(fault.code == Errc::denied);
    CHECK_THAT(std::string(fault.hint), Catch::Contains("OWNER TO") && Catch::Contains("GRANT"));
}

TEST_CASE("database: a damaged, full or closed SQLite file is no fault of ours", "[database]") {
    const int code = GENERATE(SQLITE_FULL, SQLITE_READONLY, SQLITE_READONLY_DBMOVED, SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_NOTADB,
                              SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_IOERR_READ, SQLITE_PERM, SQLITE_AUTH);
    INFO(code);
    CHECK(fault_of_sqlite(code).code != Errc::bug);
    CHECK_FALSE(fault_of_sqlite(code).hint.empty());
    CHECK_FALSE(fault_of_sqlite(code).is_of_data);
    CHECK(fault_of_sqlite(SQLITE_MISUSE).code == Errc::bug);
}

TEST_CASE("database: a table that is not there is no fault of ours, and a statement that cannot be read is", "[database]") {
    const std::string_view message = GENERATE("no such table: sends", "no such column: error_code", "table sends has no column named error_code");
    CHECK(fault_of_sqlite(SQLITE_ERROR, message).code == Errc::conflict);
    CHECK(fault_of_sqlite(SQLITE_ERROR, "near \"SELEC\": syntax error").code == Errc::bug);
}

TEST_CASE("database: work waits for what is wrong with the store, and not for what breaks a rule", "[database]") {
    const auto is_waited_for = [](const DatabaseFault& fault) {
        try {
            throw_fault(fault, "x");
        } catch (const Error& error) {
            return is_of_store(error);
        }
    };
    for (const char* state : {"42501", "42P01", "3F000", "53100", "08006", "28000"}) CHECK(is_waited_for(fault_of_sqlstate(state)));
    for (const char* state : {"23505", "23514", "22003", "42601"}) CHECK_FALSE(is_waited_for(fault_of_sqlstate(state)));
    for (const int code : {SQLITE_PERM, SQLITE_NOTADB, SQLITE_FULL}) CHECK(is_waited_for(fault_of_sqlite(code)));
    for (const int code : {SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_CHECK, SQLITE_TOOBIG, SQLITE_MISUSE})
        CHECK_FALSE(is_waited_for(fault_of_sqlite(code)));
}
