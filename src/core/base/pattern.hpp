#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wabot {

/// What a rule, a trigger or an ignore rule looks for in a text, anywhere in it and without regard to case. A match counts where it neither starts
/// nor ends inside a word: `hi` is found in "Hi, Ana" but not in "this", `order \d+` in "order 12!" but not in "order 12b", and `\?` anywhere.
/// To find the beginnings of words, write `appoint\w*`. Letters, digits and _ make words; scripts written without spaces (Chinese, Thai, ...)
/// have no such limits. Takes some milliseconds at most, whatever the pattern and the text: of a text the first 64 KiB are looked at, of a pattern
/// that is costly less, 512 bytes at least. Cheap to copy; safe from any thread.
class Pattern {
public:
    static constexpr std::size_t bytes_max = 1024;
    static constexpr std::size_t text_bytes_max = 64 * 1024;  // that are looked at

    /// A regular expression (RE2 syntax; alternatives are split by |). Error{invalid} says what is wrong with it, without naming it.
    static Pattern of_expression(std::string_view expression);
    /// Words to be found as they stand; white space between them may be any.
    static Pattern of_words(std::string_view words);

    /// Where a match stands, in bytes.
    struct Match {
        std::size_t begin;
        std::size_t end;
    };

    bool matches(std::string_view text) const { return search(text, nullptr); }
    /// The first match that counts.
    std::optional<Match> find(std::string_view text) const;

private:
    struct Compiled;
    explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    bool search(std::string_view text, Match* where) const;

    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace wabot
