#include "cli/paging.hpp"

namespace wabot::cli {

void declare_paging(CommandBuilder& cmd, PagingOptions& paging) {
    cmd.option("--limit", paging.limit, "At most so many (50)").shown_as("N");
    cmd.flag("--all", paging.all, "Every one");
    cmd.option("--cursor", paging.cursor, "Go on where a list ended: its next_cursor").shown_as("C");
}

std::optional<std::size_t> rows_wanted(const PagingOptions& paging) {
    constexpr std::size_t rows_default = 50;
    if (paging.limit && paging.all) usage_error("--limit and --all exclude each other", {}, "--limit");
    if (paging.limit && *paging.limit < 1) usage_error("--limit must be at least 1", {}, "--limit");
    if (paging.all) return std::nullopt;
    return paging.limit ? static_cast<std::size_t>(*paging.limit) : rows_default;
}

}  // namespace wabot::cli
