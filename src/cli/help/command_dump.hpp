#pragma once

#include "core/base/json.hpp"

namespace wabot::cli {

/// The command table, the exit codes and the settings as JSON: what `wabot __commands` prints for the scripts that make man pages and for tests.
Json command_dump();

}  // namespace wabot::cli
