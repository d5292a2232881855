#include "cli/output/table.hpp"

#include <algorithm>
#include <numeric>

#include "cli/output/display.hpp"

namespace wabot::cli {

namespace {

constexpr std::string_view gap = "  ";

std::string_view cut_mark(const Screen& screen) {
    return screen.utf8 ? "…" : "...";
}

std::string render_row(const Cells& cells, std::span<const std::size_t> widths, const Screen& screen) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string cell = fitted(cells[i], widths[i], cut_mark(screen));
        const std::size_t used = cells_of(cell);
        line += isolated(cell);
        if (i + 1 < cells.size()) line.append(widths[i] > used ? widths[i] - used : 0, ' ').append(gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

}  // namespace

std::vector<std::size_t> fitted_widths(std::vector<std::size_t> natural, std::size_t width, std::size_t least) {
    if (natural.empty()) return natural;
    for (std::size_t& column : natural) column = std::min(column, width);
    std::size_t total = std::accumulate(natural.begin(), natural.end(), gap.size() * (natural.size() - 1));
    for (; total > width; --total) {
        const auto widest = std::max_element(natural.begin(), natural.end());
        if (*widest <= least) break;
        --*widest;
    }
    return natural;
}

std::string render_table(std::span<const std::string> header, std::span<const Cells> rows, const Screen& screen, TableStyle style) {
    std::vector<Cells> shown;
    shown.reserve(rows.size() + 1);
    if (style.header) shown.emplace_back(header.begin(), header.end());
    for (const Cells& row : rows) {
        Cells& cells = shown.emplace_back();
        for (const std::string& cell : row) cells.push_back(cell.empty() ? (screen.utf8 ? "–" : "-") : escaped_line(cell));
    }
    std::vector<std::size_t> widths(header.size(), 0);
    for (const Cells& row : shown)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], cells_of(row[i]));
    if (style.truncate) widths = fitted_widths(std::move(widths), screen.width);

    std::string out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const std::string line = render_row(shown[i], widths, screen);
        out.append(style.header && i == 0 ? bold(line, screen) : line).append("\n");
    }
    return out;
}

std::string heading(std::string_view field) {
    std::string out(field);
    for (char& c : out) c = c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace wabot::cli
