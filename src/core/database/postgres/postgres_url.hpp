#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace wabot {

/// Whether `url` names a PostgreSQL database: `postgres://`, `postgresql://`, and either with a driver's name, as in `postgresql+asyncpg://`.
bool is_postgres_url(std::string_view url);

/// What libpq takes: the URL without the driver's name, `ssl=` of other drivers as `sslmode=`, with our deadlines for connecting and for a server
/// that fell silent where it gives none. Everything else is libpq's to judge.
std::string to_libpq_url(std::string_view url);

/// Why a connection was refused, in our words and with the way out; libpq's own line where we know none.
struct ConnectFault {
    std::string message;
    std::string hint;
    Errc code = Errc::unavailable;
};
ConnectFault explain_connect_fault(std::string_view libpq_says);

}  // namespace wabot
