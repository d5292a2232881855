#pragma once

#include <functional>
#include <string>

#include "core/database/transaction.hpp"

namespace wabot {

class Database;

/// One look at the store that `url` names, on this thread and by a connection that cannot write: for callers that prefer no answer to waiting. At
/// SQLite 20 ms at most for a writer. Does not look at the schema. What open_database and a query throw.
void quick_read(const std::string& url, const Clock& clock, const std::function<void(Snapshot&)>& look);

}  // namespace wabot
