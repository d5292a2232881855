#include "core/base/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <random>

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

/// Patterns as somebody writes them who means harm: repetitions in repetitions, choices, counts, classes of many characters.
class Hostile {
public:
    std::string pattern() {
        std::string out;
        do out = choice(4);
        while (out.size() > Pattern::bytes_max);
        return out;
    }

    /// 64 KiB of these characters.
    std::string text(std::string_view characters) {
        std::string out;
        while (out.size() < 64 * 1024) {
            std::size_t at = below(characters.size());
            while ((static_cast<unsigned char>(characters[at]) & 0xC0) == 0x80) --at;
            do out += characters[at++];
            while (at < characters.size() && (static_cast<unsigned char>(characters[at]) & 0xC0) == 0x80);
        }
        return out;
    }

private:
    std::size_t below(std::size_t most) { return random_() % most; }

    std::string choice(int depth) {
        std::string out = sequence(depth);
        for (std::size_t more = below(3); more > 0; --more) out += "|" + sequence(depth);
        return out;
    }
    std::string sequence(int depth) {
        std::string out;
        for (std::size_t more = below(4) + 1; more > 0; --more) out += repeated(depth);
        return out;
    }
    std::string repeated(int depth) {
        const std::string one = item(depth);
        const std::size_t least = below(10), more = below(30);
        switch (below(8)) {
            case 0: return one + "*";
            case 1: return one + "+";
            case 2: return one + "?";
            case 3: return one + "*?";
            case 4: return fmt::format("{}{{{}}}", one, more + 1);
            case 5: return fmt::format("{}{{{},{}}}", one, least, least + more);
            case 6: return fmt::format("{}{{{},}}", one, least);
            default: return one;
        }
    }
    std::string item(int depth) {
        static constexpr std::string_view items[] = {
            "a",      "b",   "ab",  ".",       "[ab]", "[^b]", "\\w", "\\pL", "\\p{Greek}", "[\\x{400}-\\x{4ff}]",
            "\u00e9", "\\d", "\\s", "(?i:ab)", "^",    "$",    "\\b"};
        if (depth > 0 && below(2) == 0) return "(" + choice(depth - 1) + ")";
        return std::string(items[below(std::size(items))]);
    }

    std::mt19937 random_{20'220'601};
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double slowness = 5;
#else
constexpr double slowness = 1;
#endif

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
    CHECK(fault_of(std::string(1025, 'a')) == "is longer than 1024 bytes");
    CHECK_THAT(fault_of("\\pL{500}"), Catch::StartsWith("is no regular expression"));
    CHECK(fault_of("\xFF") == "is not UTF-8");
    CHECK(fault_of("a\\|") == "none");
}

TEST_CASE("a hostile pattern takes no more time than its text is long") {
    const Pattern hostile = Pattern::of_expression("(a+)+$|(a|b|ab)*c");
    CHECK_FALSE(hostile.matches(std::string(200'000, 'a') + "!"));
    CHECK_FALSE(Pattern::of_expression("a.*b|a").matches(std::string(100'000, 'a')));
}

TEST_CASE("of a thousand hostile patterns none takes long on a long text") {
    Hostile hostile;
    const std::string texts[] = {hostile.text("ab"), std::string(64 * 1024 - 1, 'a') + "!", hostile.text("ab \u00e9\u0436\u03bb7?\n")};
    std::vector<std::string> patterns = {"(a+)+$",      "(.*)*x",   "[ab]*a[ab]{200}c", "(a|aa)+!",   "a.*b|a",
                                         "(\\pL+)+\\d", "(x+x+)+y", "(a?){30}a{30}",    "(a*)*b{100}"};
    int taken = 0;
    double slowest_ms = 0;
    for (std::size_t i = 0; taken < 1000; ++i) {
        const std::string expression = i < patterns.size() ? patterns[i] : hostile.pattern();
        if (fault_of(expression) != "none") continue;
        ++taken;
        const Pattern pattern = Pattern::of_expression(expression);
        const auto begun = std::clock();
        pattern.find(texts[i % std::size(texts)]);
        const double ms = static_cast<double>(std::clock() - begun) * 1e3 / CLOCKS_PER_SEC;
        CAPTURE(expression, i % std::size(texts));
        CHECK(ms < 20 * slowness);
        slowest_ms = std::max(slowest_ms, ms);
    }
    INFO("the slowest took " << slowest_ms << " ms");
    CHECK(slowest_ms > 0);
}

TEST_CASE("of a long text the beginning is looked at") {
    const std::string text = std::string(60'000, ' ') + "hello" + std::string(60'000, ' ') + "bye";
    CHECK(finds("hello", text));
    CHECK_FALSE(finds("bye", text));
    CHECK_FALSE(finds(" $", text));
    CHECK(finds("(\\pL|\\pN){3}", std::string(400, ' ') + "abc"));
    CHECK_THAT(fault_of("(\\pL|\\pN){5}"), Catch::StartsWith("is too costly: "));
    CHECK(finds("\\pL\\d", std::string(400, ' ') + "a1"));
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
