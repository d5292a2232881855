#include "core/database/dialect.hpp"

#include "core/base/error.hpp"

namespace wabot {

namespace {

/// What stands for the text between two braces.
std::string_view word_of(std::string_view between, Dialect dialect) {
    // As an UPDATE locks: what refers to the row need not wait.
    if (between == "skip_locked") return dialect == Dialect::sqlite ? "" : "FOR NO KEY UPDATE SKIP LOCKED";
    if (between == "for_update") return dialect == Dialect::sqlite ? "" : "FOR NO KEY UPDATE";
    const auto bar = between.find('|');
    if (bar == std::string_view::npos) throw Error(Errc::bug, "a statement has an unknown word {" + std::string(between) + "}");
    return dialect == Dialect::sqlite ? between.substr(0, bar) : between.substr(bar + 1);
}

}  // namespace

std::string in_dialect(std::string_view sql, Dialect dialect) {
    std::string out;
    out.reserve(sql.size());
    char quote = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const char c = sql[i];
        if (quote == 0 && c == '{') {
            const auto end = sql.find('}', i);
            if (end == std::string_view::npos) throw Error(Errc::bug, "a statement has a brace that is not closed");
            out += word_of(sql.substr(i + 1, end - i - 1), dialect);
            i = end;
            continue;
        }
        if (quote == 0 && (c == '\'' || c == '"'))
            quote = c;
        else if (c == quote)
            quote = 0;
        out += c;
    }
    return out;
}

}  // namespace wabot
