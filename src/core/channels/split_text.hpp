#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wabot {

/// The text in parts of at most `max` characters (code points), in order, for providers that take no longer ones. Cut between paragraphs, else
/// lines, else words, else wherever the limit falls, but never inside a character; the white space at a cut is dropped, and so are parts of
/// nothing else. Text that fits comes back as it is.
std::vector<std::string> split_text(std::string_view text, std::size_t max);

}  // namespace wabot
