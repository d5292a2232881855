#include "core/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace wabot {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_continuation(unsigned char c) {
    return (c & 0xC0U) == 0x80U;
}

struct Decoded {
    std::uint32_t point = 0;
    std::size_t bytes = 0;  // 0: no character starts here
};

Decoded decode(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (bytes == 0 || lead > 0xF4 || text.size() < bytes) return {};
    std::uint32_t point = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if (!is_continuation(at(i))) return {};
        point = point << 6U | (at(i) & 0x3FU);
    }
    const bool overlong = (bytes == 3 && point < 0x800) || (bytes == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (overlong || surrogate || point > 0x10FFFF) return {};
    return {point, bytes};
}

void append_utf8(std::string& out, std::uint32_t point) {  // below U+0800, all that folding yields
    if (point < 0x80) {
        out += static_cast<char>(point);
        return;
    }
    out += static_cast<char>(0xC0U | point >> 6U);
    out += static_cast<char>(0x80U | (point & 0x3FU));
}

std::uint32_t lower(std::uint32_t point) {
    if (point >= 'A' && point <= 'Z') return point + 32;
    if (point >= 0xC0 && point <= 0xDE && point != 0xD7) return point + 32;
    if (point == 0x130) return 'i';   // I with dot above
    if (point == 0x178) return 0xFF;  // Y with diaeresis
    const bool even_is_upper = (point >= 0x100 && point <= 0x137) || (point >= 0x14A && point <= 0x177);
    const bool odd_is_upper = (point >= 0x139 && point <= 0x148) || (point >= 0x179 && point <= 0x17E);
    if (even_is_upper && point % 2 == 0) return point + 1;
    if (odd_is_upper && point % 2 == 1) return point + 1;
    return point;
}

/// The ASCII letters of a folded Latin letter: "e" for "é", "ss" for "ß"; empty for what has none.
std::string_view base_letters(std::uint32_t point) {
    struct Range {
        std::uint32_t first, last;
        std::string_view letters;
    };
    static constexpr Range ranges[] = {
        {0xDF, 0xDF, "ss"},  {0xE0, 0xE5, "a"},   {0xE6, 0xE6, "ae"},  {0xE7, 0xE7, "c"},    {0xE8, 0xEB, "e"},   {0xEC, 0xEF, "i"},
        {0xF0, 0xF0, "d"},   {0xF1, 0xF1, "n"},   {0xF2, 0xF6, "o"},   {0xF8, 0xF8, "o"},    {0xF9, 0xFC, "u"},   {0xFD, 0xFD, "y"},
        {0xFE, 0xFE, "th"},  {0xFF, 0xFF, "y"},   {0x100, 0x105, "a"}, {0x106, 0x10D, "c"},  {0x10E, 0x111, "d"}, {0x112, 0x11B, "e"},
        {0x11C, 0x123, "g"}, {0x124, 0x127, "h"}, {0x128, 0x131, "i"}, {0x132, 0x133, "ij"}, {0x134, 0x135, "j"}, {0x136, 0x138, "k"},
        {0x139, 0x142, "l"}, {0x143, 0x14B, "n"}, {0x14C, 0x151, "o"}, {0x152, 0x153, "oe"}, {0x154, 0x159, "r"}, {0x15A, 0x161, "s"},
        {0x162, 0x167, "t"}, {0x168, 0x173, "u"}, {0x174, 0x175, "w"}, {0x176, 0x178, "y"},  {0x179, 0x17E, "z"}, {0x17F, 0x17F, "s"},
    };
    for (const Range& range : ranges)
        if (point >= range.first && point <= range.last) return range.letters;
    return {};
}

bool is_e164_length(std::size_t digits) {
    return digits >= 7 && digits <= 15;
}

}  // namespace

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const Decoded here = decode(text.substr(i, 4));
        if (here.bytes == 0) return i;
        i += here.bytes;
    }
    return std::nullopt;
}

std::size_t count_code_points(std::string_view text) {
    const auto continuations = std::count_if(text.begin(), text.end(), [](char c) { return is_continuation(static_cast<unsigned char>(c)); });
    return text.size() - static_cast<std::size_t>(continuations);
}

std::string first_characters(std::string_view text, std::size_t most) {
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++end)
        if (!is_continuation(static_cast<unsigned char>(text[end])) && ++count > most) break;
    return std::string(text.substr(0, end));
}

std::optional<std::string> sanitize_utf8(std::string_view text) {
    static constexpr std::string_view replacement = "\xEF\xBF\xBD";
    const auto is_plain = [](char c) { return static_cast<signed char>(c) > 0; };
    const bool has_nul = text.find('\0') != text.npos;
    if (!has_nul && (std::all_of(text.begin(), text.end(), is_plain) || valid_utf8(text))) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t bytes = decode(text.substr(i, 4)).bytes;
        out += bytes == 0 || text[i] == '\0' ? replacement : text.substr(i, bytes);
        i += std::max<std::size_t>(bytes, 1);
    }
    return out;
}

std::string fold_case(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const Decoded here = decode(text.substr(i, 4));
        const std::size_t bytes = std::max<std::size_t>(here.bytes, 1);
        if (const std::uint32_t folded = lower(here.point); here.bytes != 0 && folded != here.point)
            append_utf8(out, folded);
        else
            out += text.substr(i, bytes);
        i += bytes;
    }
    return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::optional<std::string> closest(std::string_view word, std::span<const std::string_view> candidates) {
    static constexpr std::size_t word_length_max = 200;  // the table is quadratic, and longer words are not typing errors
    if (word.size() > word_length_max) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = std::min<std::size_t>(2, word.size() / 2) + 1;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() >= word.size() + best_distance) continue;  // each missing letter is an edit
        const std::size_t distance = edit_distance(word, candidate);
        if (distance >= best_distance) continue;
        best = candidate;
        best_distance = distance;
    }
    return best ? std::optional<std::string>(*best) : std::nullopt;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const auto found = closest(word, candidates);
    return found ? "did you mean \"" + *found + "\"?" : std::string{};
}

std::string slug_of(std::string_view name) {
    std::string out;
    const std::string folded = fold_case(name);
    for (std::size_t i = 0; i < folded.size();) {
        const Decoded here = decode(std::string_view(folded).substr(i, 4));
        const char c = folded[i];
        const std::string_view letters = here.bytes == 2 ? base_letters(here.point) : std::string_view{};
        if (is_lower(c) || is_digit(c) || c == '_')
            out += c;
        else if (!letters.empty())
            out += letters;
        else if (!out.empty() && out.back() != '-')
            out += '-';
        i += std::max<std::size_t>(here.bytes, 1);
    }
    while (!out.empty() && out.back() == '-') out.pop_back();
    if (std::all_of(out.begin(), out.end(), is_digit)) out.insert(0, out.empty() ? "x" : "x-");
    return out;
}

bool is_slug(std::string_view text) {
    const auto allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; };
    return std::all_of(text.begin(), text.end(), allowed) && !std::all_of(text.begin(), text.end(), is_digit);
}

std::optional<std::string> to_e164(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty() || text.front() != '+') return std::nullopt;
    std::string out = "+";
    for (const char c : text.substr(1)) {
        if (is_digit(c))
            out += c;
        else if (std::string_view(" -.()/").find(c) == std::string_view::npos)
            return std::nullopt;
    }
    const bool has_country = out.size() > 1 && out[1] != '0';
    if (!has_country || !is_e164_length(out.size() - 1)) return std::nullopt;
    return out;
}

std::optional<std::string> e164_of_wa_id(std::string_view wa_id) {
    const bool digits_only = std::all_of(wa_id.begin(), wa_id.end(), is_digit);
    if (!digits_only || !is_e164_length(wa_id.size())) return std::nullopt;
    return "+" + std::string(wa_id);
}

std::string mask_numbers(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '+') {
            out += text[i++];
            continue;
        }
        std::size_t end = i + 1;
        while (end < text.size() && is_digit(text[end])) ++end;
        if (end - i - 1 >= 7)
            out.append(mask).append(text.substr(end - 4, 4));
        else
            out.append(text.substr(i, end - i));
        i = end;
    }
    return out;
}

std::string_view without_byte_order_mark(std::string_view text) {
    static constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace wabot
