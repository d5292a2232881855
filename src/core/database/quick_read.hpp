#pragma once

#include <functional>
#include <string>

#include "core/database/database.hpp"

namespace wabot {

/// One look at the store that `url` names, on this thread and by a connection that cannot write: for who would rather see nothing than wait. At
/// SQLite 20 ms at most for a writer. Does not look at the schema. What open_database and a query throw.
void glance(const std::string& url, const Clock& clock, const std::function<void(Snapshot&)>& look);

}  // namespace wabot
