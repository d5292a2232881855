#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wabot {

/// Where `text` stops being UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), in bytes; nullopt when it is all UTF-8.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);
inline bool valid_utf8(std::string_view text) {
    return !invalid_utf8_at(text);
}

/// Characters of UTF-8 text, as limits count them: code points. Bytes that start no character are not counted.
std::size_t count_code_points(std::string_view text);

/// The first `most` characters of UTF-8 text, whole ones.
std::string first_characters(std::string_view text, std::size_t most);

/// The text as every database takes it: U+0000, and bytes that are no UTF-8, are U+FFFD. nullopt when it is so already.
std::optional<std::string> sanitize_utf8(std::string_view text);

/// Lower case of ASCII, Latin-1 and Latin Extended-A (U+0041 to U+017F), with "ß" and everything else unchanged: for comparing names and keywords
/// without regard to case. It can grow or shrink the text by a byte, and is no full Unicode case folding.
std::string fold_case(std::string_view text);

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`, counted in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to a mistyped `word`, at most two edits away and never more than half of its length; the first of equals.
std::optional<std::string> closest(std::string_view word, std::span<const std::string_view> candidates);

/// `did you mean "port"?` for the closest candidate, or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// A key made of a name: [a-z0-9-_], accents dropped ("Grüße aus Köln" is "grusse-aus-koln"), never empty, never all digits (those are ids).
std::string slug_of(std::string_view name);
/// Whether `text` is a key as slug_of makes them.
bool is_slug(std::string_view text);

/// A phone number as people write it, with its country code, in E.164: "+49 151 1234-5678" and "+49 (151) 12345678" are "+4915112345678".
/// nullopt without a leading + or with other than 7 to 15 digits.
std::optional<std::string> to_e164(std::string_view text);
/// The E.164 number of a WhatsApp id: 7 to 15 digits and nothing else.
std::optional<std::string> e164_of_wa_id(std::string_view wa_id);

/// The text with every "+" and 7 or more digits replaced by the mask and the last four digits. Digits without a + are left alone: they may be ids.
std::string mask_numbers(std::string_view text);

/// What stands for the hidden part of a number or password.
inline constexpr std::string_view mask = "••••••";

/// Without the mark that editors of Windows put before the first line of a text in UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace wabot
