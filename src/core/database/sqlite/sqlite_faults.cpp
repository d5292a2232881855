#include "core/database/sqlite/sqlite_faults.hpp"

#include <sqlite3.h>

namespace wabot {

namespace {

DatabaseFault fault_of_statement(std::string_view message) {
    const bool is_foreign =
        message.starts_with("no such table") || message.starts_with("no such column") || message.find("has no column named") != message.npos;
    return is_foreign ? DatabaseFault{Errc::conflict, foreign_tables_hint} : DatabaseFault{};
}

}  // namespace

DatabaseFault fault_of_sqlite(int code, std::string_view message) {
    switch (code & 0xff) {
        case SQLITE_ERROR: return fault_of_statement(message);
        case SQLITE_CONSTRAINT:
            return {code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? Errc::conflict : Errc::invalid, {}, true};
        case SQLITE_FULL: return {Errc::unavailable, no_room_hint};
        case SQLITE_READONLY: return {Errc::unavailable, "the database may not be written: look at the mount, and at the owner and mode of the file"};
        case SQLITE_CORRUPT: return {Errc::unavailable, "the database is damaged: keep a copy of it, and restore a backup"};
        case SQLITE_NOTADB: return {Errc::invalid, "the file is no SQLite database: check database.url and store.dir"};
        case SQLITE_CANTOPEN: return {Errc::unavailable, "look at the folder of the database: does it exist, and may this user write in it?"};
        case SQLITE_IOERR: return {Errc::unavailable, "the disk cannot be read or written: look at it, and at the log of the machine"};
        case SQLITE_PERM:
        case SQLITE_AUTH: return {Errc::denied, "the store belongs to another user: run wabot as that user"};
        case SQLITE_TOOBIG: return {Errc::too_large, {}, true};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
        case SQLITE_SCHEMA:
        case SQLITE_PROTOCOL:
        case SQLITE_NOLFS: return {Errc::unavailable};
        default: return {};
    }
}

}  // namespace wabot
