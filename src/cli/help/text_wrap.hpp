#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wabot::cli {

/// Pieces with `gap` between them, wrapped at `width`; later lines are indented.
std::string wrap_pieces(const std::vector<std::string_view>& pieces, std::string_view gap, std::size_t indent, std::size_t width);
/// The words of a text.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);
/// Paragraphs, parted by empty lines, each wrapped; one whose first line is indented stays as it is.
std::string wrapped_paragraphs(std::string_view text, std::size_t width);

struct Line {
    std::string term;
    std::string text;
};
/// A title and two columns under it; nothing when there are no lines.
std::string two_columns(std::string_view title, const std::vector<Line>& lines, std::size_t width);

}  // namespace wabot::cli
