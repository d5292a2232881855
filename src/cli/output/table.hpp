#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/screen.hpp"

namespace wabot::cli {

using Cells = std::vector<std::string>;  // the texts of one row, as they are; nothing escaped yet

/// How wide each column of a table may be so that its rows fit into `width` cells with two blanks between them: the widest columns give way
/// first, none below `least` cells or its natural width. Rows that cannot fit stay longer than the screen.
std::vector<std::size_t> fitted_widths(std::vector<std::size_t> natural, std::size_t width, std::size_t least = 6);

struct TableStyle {
    bool header = true;
    bool truncate = true;
};

/// Rows for a person at a terminal: aligned, fitted to the screen, long cells cut with …, nothing in them obeyed by the terminal.
std::string render_table(std::span<const std::string> header, std::span<const Cells> rows, const Screen& screen, TableStyle style);

/// "last_login_at" as a heading: "LAST LOGIN AT".
std::string heading(std::string_view field);

}  // namespace wabot::cli
