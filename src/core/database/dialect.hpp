#pragma once

#include <string>
#include <string_view>

namespace wabot {

enum class Dialect { sqlite, postgres };

/// A statement of both engines in the words of one: of `{a|b}` SQLite takes `a` and PostgreSQL `b`, `{skip_locked}` and `{for_update}` are
/// PostgreSQL's locks, of which SQLite needs none. Quoted text is left alone.
std::string in_dialect(std::string_view sql, Dialect dialect);

}  // namespace wabot
