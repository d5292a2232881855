#pragma once

#include <memory>
#include <string>

#include "core/database/open_database.hpp"

namespace wabot {

/// The SQLite store in the file `path`: WAL, synchronous=FULL, one writer thread whose units share commits, two readers.
std::unique_ptr<Database> open_sqlite(const std::string& path, const Clock& clock, const DatabaseOptions& options);

}  // namespace wabot
