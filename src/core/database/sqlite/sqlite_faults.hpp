#pragma once

#include "core/database/fault_hint.hpp"

namespace wabot {

/// What an extended result code of SQLite means. Only what our own statements must have caused is Errc::bug.
DatabaseFault fault_of_sqlite(int code);

}  // namespace wabot
