#pragma once

#include <string_view>

#include "core/base/error.hpp"

namespace wabot {

/// What an error code of a database means to us, and the way out; an empty hint where there is none to give.
struct DatabaseFault {
    Errc code = Errc::bug;
    std::string_view hint = {};
    bool is_of_data = false;  // what was to be written breaks a rule; otherwise the installation is to be mended
};

/// What the database itself could not or may not do: no fault of what was to be written, whose code would say so. Work waits until it is mended.
class StoreFault : public Error {
    using Error::Error;
};

/// Whether it passes, or is to be mended by who runs the database: nothing is given up or kept as broken for it.
bool is_of_store(const std::exception& error);

/// Error, or StoreFault.
[[noreturn]] void throw_fault(const DatabaseFault& fault, const std::string& message);

inline constexpr std::string_view no_room_hint = "free disk space where the database is; until then webhooks get 503 and are sent again";
inline constexpr std::string_view foreign_tables_hint = "the tables are not those that wabot made: restore a backup, or use another database";

}  // namespace wabot
