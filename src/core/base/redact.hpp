#pragma once

#include <string>
#include <string_view>

namespace wabot {

/// A provider's words without what may be a person's number or a token: every run of digits, also with spaces, dashes, dots, brackets or a + between
/// them, that has four or more digits becomes "…", and so does every word of 20 or more letters, digits, - and _ that has a digit. `keep` (an error
/// code, say) stays.
std::string redact_numbers(std::string_view text, std::string_view keep = {});
/// The same, but a text with fewer than seven digits in all, which holds no number of a person, stays as it is.
std::string redact_long_numbers(std::string_view text);

}  // namespace wabot
