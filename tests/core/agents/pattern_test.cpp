#include "core/agents/pattern.hpp"

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

bool finds(std::string_view expression, std::string_view text) {
    return Pattern::of_expression(expression).matches(text);
}

std::string fault_of(std::string_view expression) {
    try {
        Pattern::of_expression(expression);
    } catch (const Error& failure) {
        return failure.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a pattern finds whole words anywhere, whatever their case") {
    CHECK(finds("hello|hi|hey", "hi"));
    CHECK(finds("hello|hi|hey", "Well, HELLO there"));
    CHECK(finds("hello|hi|hey", "(hey)"));
    CHECK(finds("hello|hi|hey", "line\nhi\nline"));
    CHECK_FALSE(finds("hello|hi|hey", "this"));
    CHECK_FALSE(finds("hello|hi|hey", "they"));
    CHECK_FALSE(finds("hello|hi|hey", "hill"));
    CHECK_FALSE(finds("hello|hi|hey", ""));
}

TEST_CASE("a pattern finds the second place when the first is inside a word") {
    CHECK(finds("hi", "this is it: hi"));
    CHECK(finds("hi!", "chi! hi!x"));
    CHECK(finds("aa", "aaa aaa aa"));
}

TEST_CASE("an alternative that is the beginning of another does not hide it") {
    CHECK(finds("he|hello", "hello"));
    CHECK(finds("hi|hi th", "hi there"));
    CHECK(finds("colou?r(s)?", "two colors"));
    CHECK_FALSE(finds("colou?r(s)?", "colorsx"));
}

TEST_CASE("groups, classes and quantifiers keep to whole words too") {
    CHECK_FALSE(finds("(hello|hi)", "this"));
    CHECK_FALSE(finds("[hH]i", "this"));
    CHECK(finds("open(ing)?", "opening hours"));
    CHECK_FALSE(finds("open(ing)?", "openly"));
    CHECK(finds("order \\d+", "my order 12!"));
    CHECK_FALSE(finds("order \\d+", "order 12b"));
    CHECK(finds("appoint\\w*", "an appointment"));
    CHECK(finds(".*", "anything"));
    CHECK(finds("^start", "start now"));
    CHECK_FALSE(finds("^start", "we start"));
}

TEST_CASE("signs that make no word are found beside words") {
    CHECK(finds("\\?", "what?"));
    CHECK(finds("\\?", "ol\u00e1?"));
    CHECK(finds("\\?", "a?b"));
    CHECK(finds("\U0001F44D", "ok\U0001F44Dok"));
}

TEST_CASE("words are words in other alphabets") {
    CHECK(finds("ol\u00e1|oi", "Ol\u00e1!"));
    CHECK(finds("OL\u00c1", "ol\u00e1"));
    CHECK_FALSE(finds("est", "est\u00e1"));
    CHECK_FALSE(finds("o", "a\u00e7\u00e3o"));
    CHECK_FALSE(finds("\u00e1", "est\u00e1"));
    CHECK(finds("\u043f\u0440\u0438\u0432\u0435\u0442", "\u041f\u0420\u0418\u0412\u0415\u0422, \u0410\u043d\u043d\u0430"));
    CHECK_FALSE(finds("\u043f\u0440\u0438", "\u043f\u0440\u0438\u0432\u0435\u0442"));
}

TEST_CASE("scripts without spaces have no limits of words") {
    CHECK(finds("\u4f60\u597d", "\u4f60\u597d\u5417"));
    CHECK(finds("\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a"));
}

TEST_CASE("text that is not UTF-8 is looked at without harm") {
    CHECK(finds("hi", "\xFFhi\xC3"));
    CHECK_FALSE(finds("hi", "\xC3"));
}

TEST_CASE("words are found as they stand, with any white space between them") {
    const Pattern words = Pattern::of_words(" opening  hours? (new)");
    CHECK(words.matches("Our OPENING\nhours? (new)."));
    CHECK_FALSE(words.matches("opening hours"));
    CHECK_FALSE(Pattern::of_words("a.c").matches("abc"));
    CHECK(Pattern::of_words("a|b").matches("x a|b x"));
    CHECK(Pattern::of_words("gr\u00fc\u00dfe").matches("GR\u00dc\u00dfE"));
}

TEST_CASE("a pattern that cannot be is refused with the reason") {
    CHECK(fault_of("") == "must not be empty");
    CHECK_THAT(fault_of("(a"), Catch::StartsWith("is no regular expression"));
    CHECK_THAT(fault_of("(?=a)"), Catch::StartsWith("is no regular expression"));
    CHECK_THAT(fault_of("hello|"), Catch::Contains("empty alternative"));
    CHECK_THAT(fault_of("|hello"), Catch::Contains("empty alternative"));
    CHECK_THAT(fault_of("a||b"), Catch::Contains("empty alternative"));
    CHECK(fault_of(std::string(1024, 'a')) == "none");
    CHECK(fault_of(std::string(1025, 'a')) == "is longer than 1024 octets");
    CHECK_THAT(fault_of("\\pL{500}"), Catch::StartsWith("is no regular expression"));
    CHECK(fault_of("\xFF") == "is not UTF-8");
    CHECK(fault_of("a\\|") == "none");
}

TEST_CASE("a hostile pattern takes no more time than its text is long") {
    const Pattern hostile = Pattern::of_expression("(a+)+$|(a|b|ab)*c");
    CHECK_FALSE(hostile.matches(std::string(200'000, 'a') + "!"));
    CHECK_FALSE(Pattern::of_expression("a.*b|a").matches(std::string(100'000, 'a')));
}

TEST_CASE("a pattern says where its match stands") {
    const auto place = [](std::string_view expression, std::string_view text) {
        const auto match = Pattern::of_expression(expression).find(text);
        return match ? std::to_string(match->begin) + ".." + std::to_string(match->end) : "none";
    };
    CHECK(place("open", "when are you open?") == "13..17");
    CHECK(place("(o)(pen)", "OPEN") == "0..4");
    CHECK(place("he|hello", "hello") == "0..5");
    CHECK(place("open", "opening") == "none");
    // The first one found ends inside a word; the one between words is another.
    CHECK(place("a|ab", "abc ab") == "4..6");
    CHECK(place("x.*y", "x1y2 y") == "0..6");
}
