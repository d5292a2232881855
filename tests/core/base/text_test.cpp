#include "core/base/text.hpp"

#include "core/base/world.hpp"
#include "tests/catch.hpp"

namespace wabot {

TEST_CASE("text: UTF-8 is checked as RFC 3629 has it", "[base]") {
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("aü€😀"));
    CHECK(valid_utf8("\xf4\x8f\xbf\xbf"));
    CHECK(invalid_utf8_at("ab\xff") == 2);
    CHECK(invalid_utf8_at("ü\x80") == 2);
    const auto* const bad = GENERATE("\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                                     "\xf5\x80\x80\x80", "\xe2\x82", "\xc3");
    CHECK(invalid_utf8_at(bad) == 0);
}

TEST_CASE("text: characters are code points, not bytes", "[base]") {
    CHECK(count_code_points("") == 0);
    CHECK(count_code_points("abc") == 3);
    CHECK(count_code_points("aü€😀") == 4);
}

TEST_CASE("text: it is cut between characters", "[base]") {
    CHECK(first_characters("aü€😀", 3) == "aü€");
    CHECK(first_characters("aü€😀", 4) == "aü€😀");
    CHECK(first_characters("aü€😀", 9) == "aü€😀");
    CHECK(first_characters("", 3).empty());
}

TEST_CASE("text: what no database takes is replaced", "[base]") {
    CHECK_FALSE(sanitize_utf8(""));
    CHECK_FALSE(sanitize_utf8("aü€😀"));
    CHECK(sanitize_utf8(std::string_view("a\0ü", 4)) == "a\xEF\xBF\xBDü");
    CHECK(sanitize_utf8("\xe2\x82 ü\xff") == "\xEF\xBF\xBD\xEF\xBF\xBD ü\xEF\xBF\xBD");
}

TEST_CASE("text: case is folded in ASCII and in Latin letters", "[base]") {
    CHECK(fold_case("HELLO World 123") == "hello world 123");
    CHECK(fold_case("ÄÖÜß ÉÀÇ ÑØÅ × ÷") == "äöüß éàç ñøå × ÷");
    CHECK(fold_case("ŁÓDŹ ČŘŽ ŸĞ") == "łódź čřž ÿğ");
    CHECK(fold_case("ДА 😀") == "ДА 😀");
    CHECK(fold_case("A\xff") == "a\xff");
}

TEST_CASE("text: the distance counts added, dropped, changed and swapped letters", "[base]") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("port", "port") == 0);
    CHECK(edit_distance("prot", "port") == 1);
    CHECK(edit_distance("por", "port") == 1);
    CHECK(edit_distance("ports", "port") == 1);
    CHECK(edit_distance("part", "port") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("abc", "") == 3);
}

TEST_CASE("text: the closest word is suggested, and none that is far", "[base]") {
    constexpr std::string_view words[] = {"create", "delete", "get", "list"};
    CHECK(closest("craete", words) == "create");
    CHECK(closest("delte", words) == "delete");
    CHECK(closest("lsit", words) == "list");
    CHECK_FALSE(closest("update", words));
    CHECK_FALSE(closest("g", words));
    CHECK_FALSE(closest("", words));
    CHECK_FALSE(closest(std::string(100'000, 'x'), words));
    CHECK(did_you_mean("crate", words) == R"(did you mean "create"?)");
    CHECK(did_you_mean("update", words).empty());
}

TEST_CASE("text: a name makes a key that no id can be confused with", "[base]") {
    CHECK(slug_of("Grüße aus Köln!") == "grusse-aus-koln");
    CHECK(slug_of("  Main   Office_2 ") == "main-office_2");
    CHECK(slug_of("Łódź Œuvre") == "lodz-oeuvre");
    CHECK(slug_of("42") == "x-42");
    CHECK(slug_of("") == "x");
    CHECK(slug_of("日本") == "x");
    CHECK(slug_of("日本 2") == "x-2");
    const auto* const name = GENERATE("", "42", "A b", "ÄÖ--Ü", "-_-", "\xff", "日本 7 x");
    INFO(name);
    CHECK(is_slug(slug_of(name)));
    CHECK_FALSE(is_slug("42"));
    CHECK_FALSE(is_slug(""));
    CHECK_FALSE(is_slug("Abc"));
}

TEST_CASE("text: phone numbers are normalised to E.164", "[base]") {
    CHECK(to_e164("+1 (202) 555-0123") == "+12025550123");
    CHECK(to_e164(" +1/202.555.0123") == "+12025550123");
    CHECK(to_e164("+1234567") == "+1234567");
    const auto* const bad =
        GENERATE("", "+", "12025550123", "+123456", "+1234567890123456", "+0202555012", "+1202555O123", "++12025550123", "+1 202 555 0123 ext 4");
    CHECK_FALSE(to_e164(bad));
}

TEST_CASE("text: a WhatsApp id is a number without its plus", "[base]") {
    CHECK(e164_of_wa_id("12025550123") == "+12025550123");
    CHECK_FALSE(e164_of_wa_id("+12025550123"));
    CHECK_FALSE(e164_of_wa_id("123456"));
    CHECK_FALSE(e164_of_wa_id("1234567890123456"));
    CHECK_FALSE(e164_of_wa_id("1202555012x"));
    CHECK_FALSE(e164_of_wa_id(""));
}

TEST_CASE("text: numbers with a plus are masked, ids are not", "[base]") {
    CHECK(mask_numbers("call +12025550123, or +12025550199") == "call ••••••0123, or ••••••0199");
    CHECK(mask_numbers("id 12025550123 +123456 +") == "id 12025550123 +123456 +");
    CHECK(mask_numbers("") == "");
}

}  // namespace wabot
