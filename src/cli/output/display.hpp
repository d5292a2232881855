#pragma once

#include <string>
#include <string_view>

namespace wabot::cli {

/// How many cells of a terminal `text` takes: East Asian wide characters and emoji two, combining marks none, an emoji sequence as its first.
/// `text` is free of control characters (see `escaped_line`).
std::size_t cells_of(std::string_view text);

/// The longest beginning of `text` of at most `cells` cells, cut between what a person sees as characters; with `mark` at its end when
/// something was cut.
std::string fitted(std::string_view text, std::size_t cells, std::string_view mark);

/// `text` with nothing left that a terminal would obey: control characters, escape sequences, line breaks and bidirectional overrides become
/// \n, \t, \x1b, \u202e; octets that are not UTF-8 become \xff. What is UTF-8 and printable stays.
std::string escaped_line(std::string_view text);

/// The same, wrapped in U+2068 and U+2069 when it holds right-to-left letters, so that it does not reorder its neighbours.
std::string isolated(std::string text);

/// As a cell of tab-separated values: tab, line feed, carriage return and backslash as \t, \n, \r and \\.
std::string tsv_cell(std::string_view text);

}  // namespace wabot::cli
