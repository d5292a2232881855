#pragma once

#include <string>
#include <string_view>

namespace wabot::cli {

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 1;
    bool valid = false;
};
/// The first code point of a text that is not empty; overlong forms, surrogates and cut sequences are invalid.
CodePoint first_code_point(std::string_view text);

/// What a terminal obeys or lets turn the text around it: controls, line and paragraph separators, marks and overrides of writing direction,
/// interlinear and tag characters.
bool is_obeyed(char32_t c);

/// How many cells of a terminal `text` takes: East Asian wide characters and emoji two, combining marks none, an emoji sequence as its first.
/// `text` is free of control characters (see `escaped_line`).
std::size_t cells_of(std::string_view text);

/// The longest beginning of `text` of at most `cells` cells, cut between what a person sees as characters; with `mark` at its end when
/// something was cut.
std::string fitted(std::string_view text, std::size_t cells, std::string_view mark);

/// `text` with nothing left that a terminal would obey: control characters, escape sequences, line breaks and bidirectional overrides become
/// \n, \t, \x1b, \u202e; bytes that are not UTF-8 become \xff. What is UTF-8 and printable stays.
std::string escaped_line(std::string_view text);

/// The same, wrapped in U+2068 and U+2069 when it holds right-to-left letters, so that it does not reorder its neighbours.
std::string isolated(std::string text);

/// The same for several lines: line breaks and tabs stay.
std::string escaped_lines(std::string_view text);

/// The same for JSON: what is left in its texts becomes \u202e, so that it stays the same document.
std::string escaped_json(std::string_view json);

/// As a cell of tab-separated values: tab, line feed, carriage return and backslash as \t, \n, \r and \\.
std::string tsv_cell(std::string_view text);

/// As a cell of comma-separated values (RFC 4180): quoted where it must be. Unless `raw`, what a spreadsheet would take for a formula (= + - @, tab
/// or carriage return first) gets an apostrophe before it.
std::string csv_cell(std::string_view text, bool raw);

}  // namespace wabot::cli
