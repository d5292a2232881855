#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace wabot {

class Clock;
class Database;

struct DatabaseOptions {
    bool create = false;          // make the file when it is not there
    std::size_t batch_max = 256;  // units that share a COMMIT; 1 for measurements
    bool dry_run = false;         // a rehearsal: each unit of writing runs to its end and is rolled back there; no COMMIT of writing comes through
    bool uses_own_clock = false;  // `now()` is the clock given here and not the server's: for tests
};

/// Opens the store that `url` names: `sqlite:///relative`, `sqlite:////absolute`, `postgresql://...`. Error{invalid} for an unknown form,
/// Error{not_found} when the store is not there and may not be made, Error{unavailable} when it cannot be opened. Does not look at the schema:
/// migrations.hpp does.
std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock, DatabaseOptions options = {});

}  // namespace wabot
