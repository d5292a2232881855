#include <sqlite3.h>

#include "core/database/postgres/postgres_faults.hpp"
#include "core/database/sqlite/sqlite_faults.hpp"
#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("database: what a server cannot or may not do is no fault of ours", "[database]") {
    // Classes 08, 25, 28, 3D, 3F, 53, 54, 55, 57, 58, F0, XX of appendix A, and single states of 42.
    const std::string_view state = GENERATE("08006", "25006", "28000", "3D000", "3F000", "42501", "42P01", "42703", "53100", "53200", "53300",
                                            "54000", "55P03", "57014", "57P01", "58030", "F0001", "XX000", "XX001", "22021", "22P05");
    INFO(state);
    CHECK(fault_of_sqlstate(state).code != Errc::bug);
    CHECK(fault_of_sqlstate("42601").code == Errc::bug);  // a syntax error is
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
    CHECK(fault_of_sqlite(SQLITE_MISUSE).code == Errc::bug);
}
