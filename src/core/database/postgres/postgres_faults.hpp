#pragma once

#include <string_view>

#include "core/database/database_fault.hpp"

namespace wabot {

/// What an SQLSTATE means (PostgreSQL documentation, appendix A). Only what our own statements must have caused is Errc::bug.
DatabaseFault fault_of_sqlstate(std::string_view state);

}  // namespace wabot
