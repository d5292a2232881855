// No target opens a store: what one would be opened by is left out of the build.
#include "core/base/error.hpp"
#include "core/database/postgres/postgres.hpp"
#include "core/database/postgres/postgres_url.hpp"
#include "core/database/sqlite/sqlite.hpp"

namespace wabot {

bool is_postgres_url(std::string_view) {
    return false;
}

std::unique_ptr<Database> open_postgres(const std::string&, const Clock&, const DatabaseOptions&) {
    throw Error(Errc::bug, "there is no store here");
}

std::unique_ptr<Database> open_sqlite(const std::string&, const Clock&, const DatabaseOptions&) {
    throw Error(Errc::bug, "there is no store here");
}

}  // namespace wabot
