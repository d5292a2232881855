#include "core/database/postgres/postgres_faults.hpp"

namespace wabot {

namespace {

struct Row {
    std::string_view state;  // or its first characters: a class
    DatabaseFault fault;
};

// The first that matches.
constexpr Row table[] = {
    {"23505", {Errc::conflict, {}, true}},
    {"23P01", {Errc::conflict, {}, true}},
    {"23", {Errc::invalid, {}, true}},
    {"22P05", {Errc::invalid, "create the database in UTF-8: createdb -E UTF8 -T template0 NAME"}},
    {"22", {Errc::invalid, {}, true}},
    {"25006", {Errc::unavailable, "this server only reads: DATABASE_URL must name the primary, and default_transaction_read_only must be off"}},
    {"25P03", {Errc::unavailable}},  // idle within a transaction for too long, which ended the session
    {"25P04", {Errc::unavailable}},  // a transaction that took too long
    {"26", {Errc::unavailable}},     // a prepared statement is gone: a pooler gave another session
    {"28", {Errc::unauthenticated, "check user and password in DATABASE_URL"}},
    {"3D", {Errc::unavailable, "create the database with: createdb NAME, or correct the name at the end of DATABASE_URL"}},
    {"3F", {Errc::denied, "as the owner of the database: CREATE SCHEMA IF NOT EXISTS public; GRANT USAGE, CREATE ON SCHEMA public TO USER"}},
    {"42501",
     {Errc::denied,
      "make the user of DATABASE_URL the owner of the database (ALTER DATABASE NAME OWNER TO USER), or give it the right: GRANT USAGE, CREATE "
      "ON SCHEMA public TO USER, and GRANT ALL ON ALL TABLES IN SCHEMA public TO USER"}},
    {"42P01", {Errc::conflict, foreign_tables_hint}},
    {"42703", {Errc::conflict, foreign_tables_hint}},
    {"53100", {Errc::unavailable, no_room_hint}},
    {"53300", {Errc::unavailable, "raise the server's max_connections, or run fewer workers: each process takes up to 7"}},
    {"53", {Errc::unavailable}},  // resources
    {"54", {Errc::unavailable}},  // limits of the server
    {"55", {Errc::unavailable}},  // not in the state for it, as a lock that is not given
    {"57", {Errc::unavailable}},  // shutdown, or a limit of time
    {"58030", {Errc::unavailable, "the server cannot read or write its files: look at its log and its disk"}},
    {"58", {Errc::unavailable}},
    {"P0", {Errc::unavailable, "a trigger or function that was added to the database refuses: remove it"}},
    {"XX001", {Errc::unavailable, "the server's data are damaged: restore a backup"}},
    {"XX002", {Errc::unavailable, "an index of the server is damaged: REINDEX DATABASE, or restore a backup"}},
    {"XX", {Errc::unavailable}},
    {"08", {Errc::unavailable}},  // the connection
    {"F0", {Errc::unavailable, "the server's configuration is broken: look at its log"}},
    {"0A000", {Errc::unavailable}},  // a prepared statement whose tables were changed
};

}  // namespace

DatabaseFault fault_of_sqlstate(std::string_view state) {
    for (const Row& row : table)
        if (state.starts_with(row.state)) return row.fault;
    return {};
}

}  // namespace wabot
