#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wabot {

/// How many letters must be added, dropped, changed or swapped with a neighbour to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, at most 2 edits away and never by changing all of it; empty when there is none.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// `; did you mean "x"?` for the end of a message, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace wabot
