#include "cli/output/display.hpp"

#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

bool is_harmless(std::string_view text, std::string_view allowed) {
    while (!text.empty()) {
        const cli::CodePoint next = cli::first_code_point(text);
        if (!next.valid || (cli::is_obeyed(next.value) && (next.value > 0x7F || allowed.find(static_cast<char>(next.value)) == allowed.npos)))
            return false;
        text.remove_prefix(next.bytes);
    }
    return true;
}

}  // namespace

/// The first byte is the width of a column.
void terminal(std::string_view input) {
    const std::size_t width = input.empty() ? 0 : static_cast<unsigned char>(input.front()) % 100;
    if (!input.empty()) input.remove_prefix(1);

    const std::string line = cli::escaped_line(input);
    require(is_harmless(line, ""), "nothing is left that a terminal obeys");
    require(is_harmless(cli::escaped_lines(input), "\n\t"), "nothing but line breaks and tabs is left");
    for (const std::string_view mark : {"", "\u2026"}) {
        const std::string fitted = cli::fitted(line, width, mark);
        require(valid_utf8(fitted) && cli::cells_of(fitted) <= std::max(width, cli::cells_of(mark)), "a cut text fits");
    }
    const std::string isolated = cli::isolated(line);
    require(isolated.size() == line.size() || isolated.size() == line.size() + 6, "isolation wraps");

    const std::string document = write_json(Json(std::string(input)));
    const std::string shown = cli::escaped_json(document);
    require(is_harmless(shown, "") && read_json(shown) == read_json(document), "escaped JSON is the same document");
    cli::escaped_json(input);

    require(cli::tsv_cell(input).find_first_of("\t\n\r") == std::string::npos, "a TSV cell is one cell");
    const std::string cell = cli::csv_cell(input, false);
    require(cell.empty() || std::string_view("=+-@").find(cell.front()) == std::string_view::npos, "a CSV cell is no formula");
    cli::csv_cell(input, true);
}

}  // namespace wabot::fuzz
