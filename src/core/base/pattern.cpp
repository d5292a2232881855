#include "core/base/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <mutex>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

/// Letters, marks and digits of the scripts that put spaces between words. Block by block: RE2's \pL costs 2,700 instructions a pattern, this 140.
constexpr Range word_ranges[] = {
    {U'0', U'9'},     {U'A', U'Z'},     {U'_', U'_'},     {U'a', U'z'},     {0xAA, 0xAA},     {0xB5, 0xB5},     {0xBA, 0xBA},     {0xC0, 0xD6},
    {0xD8, 0xF6},     {0xF8, 0x37D},    {0x37F, 0x386},   {0x388, 0x559},   {0x560, 0x588},   {0x591, 0x5F2},   {0x610, 0x61A},   {0x620, 0x669},
    {0x66E, 0x6D3},   {0x6D5, 0x963},   {0x966, 0xDFF},   {0x10A0, 0x10FA}, {0x10FC, 0x10FF}, {0x1200, 0x135F}, {0x1380, 0x166C}, {0x1670, 0x167F},
    {0x1C80, 0x1CBF}, {0x1D00, 0x1FFF}, {0x2C00, 0x2DFF}, {0xA640, 0xA69F}, {0xA720, 0xA7FF},
};

bool is_word(char32_t c) {
    return std::ranges::any_of(word_ranges, [c](Range range) { return c >= range.first && c <= range.last; });
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// The character that starts at `at`; bytes that are not UTF-8 give something that makes no word.
char32_t character_at(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return lead;
    if (lead < 0xC0) return 0;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    char32_t c = lead & (0x3Fu >> more);
    for (int i = 0; i < more; ++i) {
        if (++at == text.size() || !is_continuation(text[at])) return 0;
        c = (c << 6) | (static_cast<unsigned char>(text[at]) & 0x3Fu);
    }
    return c;
}

bool is_inside_word(std::string_view text, std::size_t at) {
    if (at == 0 || at >= text.size() || !is_word(character_at(text, at))) return false;
    std::size_t before = at - 1;
    while (before > 0 && is_continuation(text[before])) --before;
    return is_word(character_at(text, before));
}

std::string no_word_class() {
    std::string out = "[^";
    for (const Range range : word_ranges)
        out += fmt::format("\\x{{{:X}}}-\\x{{{:X}}}", static_cast<std::uint32_t>(range.first), static_cast<std::uint32_t>(range.last));
    return out + "]";
}

RE2::Options options(std::int64_t bytes) {
    RE2::Options out;
    out.set_case_sensitive(false);
    out.set_log_errors(false);
    out.set_longest_match(true);  // "he|hello" must find the whole of "hello" for the look at its ends
    out.set_max_mem(bytes);
    return out;
}

constexpr std::int64_t memory_max = 256 * 1024;  // of which a sixth is the program
constexpr int looks_max = 64;                    // matches of one pattern looked at in one text: keeps the time linear
// Where a pattern has too many states RE2 goes through its program for each byte, and time is their product. What one text may cost bounds how much
// of it is looked at.
constexpr std::size_t text_bytes_least = 512;
constexpr int instructions_max = 4096;
constexpr std::size_t work_max = 1'000'000;  // bytes times instructions, a millisecond or several

std::size_t work_of(const RE2& program, std::size_t bytes) {
    return bytes * static_cast<std::size_t>(std::max(program.ProgramSize(), 1));
}

/// Up to where in a text one look of a program may go. What comes after is still its context: $ does not hold there.
std::size_t reach_of(const RE2& program, std::string_view text) {
    const std::size_t bytes = work_max / static_cast<std::size_t>(std::max(program.ProgramSize(), 1));
    return std::min(text.size(), std::clamp(bytes, text_bytes_least, Pattern::text_bytes_max));
}

/// Fails for patterns that RE2 accepts but that cannot be meant.
void refuse_empty_alternative(std::string_view expression) {
    const bool ends_open = expression.ends_with('|') && !expression.ends_with("\\|");
    if (expression.starts_with('|') || ends_open || expression.find("||") != std::string_view::npos)
        throw Error(Errc::invalid, "has an empty alternative, which would match every text");
}

}  // namespace

struct Pattern::Compiled {
    explicit Compiled(std::string_view expression) : text(expression), anywhere(text, options(memory_max)) {}

    /// With something that makes no word, or nothing, on both sides. Made when a text first needs it, which few patterns ever see.
    const RE2& between_words() const {
        std::call_once(once, [this] {
            static const std::string edge = no_word_class();
            between = std::make_unique<RE2>(fmt::format("(?:^|{0})({1})(?:{0}|$)", edge, text), options(2 * memory_max));
        });
        return *between;
    }

    bool holds_between_words(std::string_view looked_at) const {
        return between_words().Match(looked_at, 0, reach_of(between_words(), looked_at), RE2::UNANCHORED, nullptr, 0);
    }

    /// Of a text that has one.
    Match match_between_words(std::string_view looked_at) const {
        re2::StringPiece groups[2];  // the whole with its edges, and what stands between them
        between_words().Match(looked_at, 0, reach_of(between_words(), looked_at), RE2::UNANCHORED, groups, 2);
        const auto begin = static_cast<std::size_t>(groups[1].data() - looked_at.data());
        return {begin, begin + groups[1].size()};
    }

    std::string text;
    RE2 anywhere;
    mutable std::once_flag once;
    mutable std::unique_ptr<RE2> between;
};

Pattern Pattern::of_expression(std::string_view expression) {
    if (expression.empty()) throw Error(Errc::invalid, "must not be empty");
    if (expression.size() > bytes_max) throw Error(Errc::invalid, fmt::format("is longer than {} bytes", bytes_max));
    if (!valid_utf8(expression)) throw Error(Errc::invalid, "is not UTF-8");
    refuse_empty_alternative(expression);
    auto compiled = std::make_shared<const Compiled>(expression);
    if (!compiled->anywhere.ok()) throw Error(Errc::invalid, fmt::format("is no regular expression: {}", compiled->anywhere.error()));
    if (const int size = compiled->anywhere.ProgramSize(); size > instructions_max)
        throw Error(Errc::invalid, fmt::format("is too costly: {} instructions, more than {}", size, instructions_max));
    return Pattern(std::move(compiled));
}

Pattern Pattern::of_words(std::string_view words) {
    std::string expression;
    bool gap = false;
    for (const char c : words) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            gap = !expression.empty();
            continue;
        }
        if (gap) expression += "\\s+";
        gap = false;
        expression += RE2::QuoteMeta(std::string_view(&c, 1));
    }
    return of_expression(expression);
}

std::optional<Pattern::Match> Pattern::find(std::string_view text) const {
    Match match{};
    return search(text, &match) ? std::optional(match) : std::nullopt;
}

bool Pattern::search(std::string_view text, Match* where) const {
    const std::size_t reach = reach_of(compiled_->anywhere, text);
    std::size_t from = 0, work = 0;
    for (int look = 0; look < looks_max && from <= reach && work <= work_max; ++look) {
        work += work_of(compiled_->anywhere, reach - from);
        re2::StringPiece found;
        if (!compiled_->anywhere.Match(text, from, reach, RE2::UNANCHORED, &found, 1)) return false;
        const auto begin = static_cast<std::size_t>(found.data() - text.data());
        const std::size_t end = begin + found.size();
        if (!is_inside_word(text, begin) && !is_inside_word(text, end)) {
            if (where != nullptr) *where = {begin, end};
            return true;
        }
        if (look == 0 && compiled_->holds_between_words(text)) {
            if (where != nullptr) *where = compiled_->match_between_words(text);
            return true;
        }
        from = end > begin ? end : end + 1;
        while (from < text.size() && is_continuation(text[from])) ++from;
    }
    return false;
}

}  // namespace wabot
