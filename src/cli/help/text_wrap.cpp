#include "cli/help/text_wrap.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output/display.hpp"

namespace wabot::cli {

std::string wrap_pieces(const std::vector<std::string_view>& pieces, std::string_view gap, std::size_t indent, std::size_t width) {
    std::string out;
    std::size_t column = indent;
    for (const std::string_view piece : pieces) {
        const std::size_t cells = cells_of(piece);
        const bool first = column == indent;
        const bool fits = column + gap.size() + cells <= width;
        if (!first) out += fits ? std::string(gap) : "\n" + std::string(indent, ' ');
        column = (first || !fits ? indent : column + gap.size()) + cells;
        out += piece;
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, blank));
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return wrap_pieces(words, " ", indent, width);
}

std::string two_columns(std::string_view title, const std::vector<Line>& lines, std::size_t width) {
    constexpr std::size_t column_max = 28;
    if (lines.empty()) return {};
    std::size_t column = 0;
    for (const Line& line : lines)
        if (line.term.size() < column_max) column = std::max(column, line.term.size());
    std::string out = fmt::format("\n{}:\n", title);
    for (const auto& [term, text] : lines) {
        out += fmt::format("  {:<{}}", term, column);
        out += term.size() > column ? fmt::format("\n{:{}}", "", column + 4) : "  ";
        out += wrapped(text, column + 4, width) + "\n";
    }
    return out;
}

std::string wrapped_paragraphs(std::string_view text, std::size_t width) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\n\n"), text.size());
        std::string paragraph(text.substr(0, end));
        text.remove_prefix(std::min(end + 2, text.size()));
        if (!paragraph.starts_with(' ')) {
            std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
            paragraph = wrapped(paragraph, 0, width);
        }
        out += (out.empty() ? "" : "\n") + paragraph + "\n";
    }
    return out;
}

}  // namespace wabot::cli
