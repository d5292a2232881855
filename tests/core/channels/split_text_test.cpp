#include "core/channels/split_text.hpp"

#include "core/base/error.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using Parts = std::vector<std::string>;

TEST_CASE("split text: what fits is left alone, white space alone is nothing") {
    CHECK(split_text("short", 5) == Parts{"short"});
    CHECK(split_text("  kept as it is \n", 100) == Parts{"  kept as it is \n"});
    CHECK(split_text("", 5).empty());
    CHECK(split_text(" \n ", 5).empty());
    CHECK(split_text(std::string(20, ' '), 5).empty());
}

TEST_CASE("split text: paragraphs are the best place, then lines, then words") {
    CHECK(split_text("one two.\n\nthree\nfour", 16) == Parts{"one two.", "three\nfour"});
    CHECK(split_text("one two\nthree four", 14) == Parts{"one two", "three four"});
    CHECK(split_text("one two three four", 9) == Parts{"one two", "three", "four"});
    CHECK(split_text("one two three", 7) == Parts{"one two", "three"});
    CHECK(split_text("a\n\nbcd efg hij", 12) == Parts{"a\n\nbcd efg", "hij"});  // not so early
}

TEST_CASE("split text: a word longer than the limit is cut, never inside a character") {
    CHECK(split_text("abcdefgh", 3) == Parts{"abc", "def", "gh"});
    CHECK(split_text("äöüß", 3) == Parts{"äöü", "ß"});
    CHECK(split_text("☕☕☕☕☕", 2) == Parts{"☕☕", "☕☕", "☕"});
}

TEST_CASE("split text: every part fits, none is empty, and no word is lost") {
    std::string text;
    for (int i = 0; i < 900; ++i) text += "wörd" + std::to_string(i) + (i % 17 == 0 ? "\n\n" : i % 5 == 0 ? "\n" : " ");
    const std::size_t max = GENERATE(8, 33, 100, 4096);
    std::string joined;
    for (const std::string& part : split_text(text, max)) {
        CHECK(count_code_points(part) <= max);
        CHECK(valid_utf8(part));
        CHECK_FALSE(part.empty());
        joined += part;
    }
    const auto without_white = [](std::string all) {
        std::erase_if(all, [](char c) { return c == ' ' || c == '\n'; });
        return all;
    };
    CHECK(without_white(joined) == without_white(text));
}

TEST_CASE("split text: no room for a character is a bug of the caller") {
    CHECK_THROWS_AS(split_text("x", 0), Error);
}

TEST_CASE("without numbers: whatever may be a person's number is left out") {
    CHECK(redact_numbers("to +1 (202) 555-0142 failed") == "to … failed");
    CHECK(redact_numbers("12025550142") == "…");
    CHECK(redact_numbers("24 hours, 3 times") == "24 hours, 3 times");
    CHECK(redact_numbers("(#131030) no", "131030") == "(#131030) no");
    CHECK(redact_numbers("(#131031) no", "131030") == "(#…) no");
    CHECK(redact_numbers("") == "");
    CHECK(redact_numbers("+") == "+");
    CHECK(redact_numbers("a + b") == "a + b");
}
