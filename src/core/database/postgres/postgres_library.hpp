#pragma once

namespace wabot {

/// Loads libpq: it brings twenty libraries along (LDAP, Kerberos, ...), whose start-up neither a command on SQLite nor `--help` should pay for. What
/// libpqxx calls of it is forwarded to the library loaded here. Any thread. Error{unavailable} with the way out when it is not there.
void load_postgres_library();

}  // namespace wabot
