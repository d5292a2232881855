#pragma once

#include <memory>
#include <string>

#include "core/database/open_database.hpp"

namespace wabot {

/// The store in a PostgreSQL database, 13 or newer: each unit a transaction of its own on one of a few connections, run again when the server asks
/// for it or the connection broke before its COMMIT. Error{unavailable} when it cannot be reached, Error{invalid} when it may lose what it commits.
std::unique_ptr<Database> open_postgres(const std::string& url, const Clock& clock, const DatabaseOptions& options);

}  // namespace wabot
