#pragma once

#include "core/database/database_fault.hpp"

namespace wabot {

/// What an extended result code of SQLite means. Only what our own statements must have caused is Errc::bug. `message`: SQLite's own, since a table
/// that is not there has no code.
DatabaseFault fault_of_sqlite(int code, std::string_view message = {});

}  // namespace wabot
