#pragma once

#include <string_view>

#include "core/base/error.hpp"

namespace wabot {

/// What an error code of a database means to us, and the way out; an empty hint where there is none to give.
struct DatabaseFault {
    Errc code = Errc::bug;
    std::string_view hint = {};
};

inline constexpr std::string_view no_room_hint = "free disk space where the database is; until then webhooks get 503 and are sent again";
inline constexpr std::string_view foreign_tables_hint = "the tables are not those that wabot made: restore a backup, or use another database";

}  // namespace wabot
