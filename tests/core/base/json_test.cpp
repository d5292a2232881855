#include "core/base/json.hpp"
#include "core/base/strict_json.hpp"

#include <ctime>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

namespace wabot {

struct JsonPet {
    std::string name;
    int legs = 4;
    double weight = 1;
    bool tame = true;
};
WABOT_DESCRIBE(JsonPet, FIELD(name), FIELD(legs), FIELD(weight), FIELD(tame))

namespace {

template <class Read>
std::string refusal_of(Read read) {
    try {
        read();
    } catch (const JsonError& e) {
        CHECK(e.code() == Errc::bad_request);
        return e.what();
    }
    return "taken";
}
std::string refusal(std::string_view text, int depth_max = 64) {
    return refusal_of([&] { read_json(text, depth_max); });
}
std::string strict_refusal(std::string_view text) {
    return refusal_of([&] { read_strict_json(text); });
}

/// Of CPU time.
double seconds_since(std::clock_t begun) {
    return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
}

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("json: a document comes back as it was, in its order", "[base]") {
    const auto* const text =
        GENERATE(R"({"b":[1,-2,2.5,{"x":null}],"a":{"":"ü\n"},"c":[],"d":{},"e":true})", "null", R"("text")", "18446744073709551615", "[[],[{}]]");
    CHECK(write_json(read_json(text)) == text);
}

TEST_CASE("json: what is no JSON is refused with its place, and without quoting it", "[base]") {
    CHECK(refusal("") == "not JSON at byte 0");
    CHECK(refusal(R"({"a":secret})") == "not JSON at byte 5");
    CHECK(refusal("1 2") == "not JSON at byte 2");
    CHECK(refusal("[1,]") == "not JSON at byte 3");
    CHECK(refusal("[1e999]").starts_with("not JSON at byte"));
    CHECK(refusal("[NaN]") == "not JSON at byte 1");
    CHECK(refusal("{'a':1}") == "not JSON at byte 1");
    CHECK(refusal("[1] // done").starts_with("not JSON at byte"));
}

TEST_CASE("json: bytes that are not UTF-8 are refused with their place", "[base]") {
    CHECK(refusal("[\"\xff\"]") == "not JSON: byte 2 is not UTF-8");
    CHECK(refusal("[\"\xc0\xaf\"]") == "not JSON: byte 2 is not UTF-8");
    CHECK(refusal("[\"\xed\xa0\x80\"]") == "not JSON: byte 2 is not UTF-8");
}

TEST_CASE("json: half a character stands as U+FFFD, a whole one as itself", "[base]") {
    CHECK(read_json(R"(["a\ud83d", "\ude00b", "\ud83d\ud83d\ude00", "\uD83D\uDE00", "\\ud83d"])") ==
          Json::array({"a\uFFFD", "\uFFFDb", "\uFFFD\U0001F600", "\U0001F600", "\\ud83d"}));
    CHECK(read_json(R"({"\udc00": "\ud83d"})") == Json{{"\uFFFD", "\uFFFD"}});
    CHECK(refusal(R"(["\ud83d", x])") == "not JSON at byte 11");
    CHECK_THROWS_AS(read_strict_json(R"(["\ud800"])"), JsonError);
}

TEST_CASE("json: nesting has a limit, even of a million levels", "[base]") {
    CHECK(refusal(nested(64)) == "taken");
    CHECK(refusal(nested(65)) == "JSON is nested deeper than 64 levels, at byte 64");
    CHECK(refusal(nested(3), 2) == "JSON is nested deeper than 2 levels, at byte 2");
    CHECK(refusal(std::string(1'000'000, '[')) == "JSON is nested deeper than 64 levels, at byte 64");
    std::string objects;
    for (int i = 0; i < 1'000'000; ++i) objects += "{\"\":";
    CHECK(refusal(objects) == "JSON is nested deeper than 64 levels, at byte 256");
}

TEST_CASE("json: a key that stands twice in one object is refused", "[base]") {
    CHECK(refusal(R"({"a":1,"b":2,"a":3})") == "JSON has the key a twice in one object, at byte 18");
    CHECK(refusal(R"([{"a":1},{"a":2}])") == "taken");
    CHECK(refusal(R"({"a":{"a":1}})") == "taken");
}

TEST_CASE("json: an object is read in passable time however many keys it has and whatever they are", "[base]") {
    const auto begun = std::clock();
    const bool collide = GENERATE(false, true);
    std::string text = "{";
    for (int i = 0; i < 100'000; ++i) {
        if (i > 0) text += ',';
        text += '"';
        // Pairs of bytes that sum up to the same in the hash of many a library: the bits of i say which stands where.
        if (!collide)
            text += std::to_string(i);
        else
            for (int bit = 0; bit < 17; ++bit) text += (i >> bit & 1) != 0 ? "Aa" : "BB";
        text += "\":0";
    }
    CHECK(read_json(text + "}").size() == 100'000);  // comparison of each with each would take minutes
    CHECK(seconds_since(begun) < 5);
}

TEST_CASE("json: what people write has limits, and what is at them is taken", "[base]") {
    const auto members = [](int count) {
        std::string text = "{";
        for (int i = 0; i < count; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
        return text + "}";
    };
    const auto text_of = [](std::size_t bytes) { return "\"" + std::string(bytes, 'x') + "\""; };
    CHECK(strict_refusal(members(10'000)) == "taken");
    CHECK_THAT(strict_refusal(members(10'001)), Catch::StartsWith("JSON has an object of more than 10000 members, at byte"));
    CHECK(strict_refusal(text_of(1024 * 1024)) == "taken");
    CHECK(strict_refusal(text_of(1024 * 1024 + 1)) == "JSON has a text of more than 1048576 bytes, at byte 1048578");
    CHECK_THAT(strict_refusal("{" + text_of(1024 * 1024 + 1) + ":0}"), Catch::StartsWith("JSON has a text of more than 1048576 bytes"));
    CHECK(strict_refusal(std::string(64, '9')) == "taken");
    CHECK(strict_refusal(std::string(65, '9')) == "JSON has a number of more than 64 digits, at byte 64");
    CHECK_THAT(strict_refusal("0." + std::string(1000, '1')), Catch::StartsWith("JSON has a number of more than 64 digits"));
    CHECK(strict_refusal(nested(64)) == "taken");
    CHECK(strict_refusal(nested(65)) == "JSON is nested deeper than 64 levels, at byte 64");
    // A provider's body is bounded as a whole, and read.
    for (const std::string& text : {members(10'001), text_of(1024 * 1024 + 1), std::string(300, '9')}) CHECK(refusal(text) == "taken");
}

TEST_CASE("json: what people write is plain JSON", "[base]") {
    const auto [text, why] = GENERATE(table<std::string, std::string>({
        {"", "not JSON at byte 0"},
        {R"({"a":1,})", "not JSON at byte 7"},
        {"[1] // done", "not JSON at byte 4"},
        {"/* a */ 1", "not JSON at byte 0"},
        {"{'a':1}", "not JSON at byte 1"},
        {"{} x", "not JSON at byte 3"},
        {"{}{}", "not JSON at byte 2"},
        {"\xEF\xBB\xBF{}", "not JSON at byte 0: a byte order mark"},
        {R"({"role":"user","role":"admin"})", "JSON has the key role twice in one object, at byte 29"},
        {"[-0]", "JSON has the number -0, at byte 3"},
        {"1e400", "not JSON at byte 4"},
        {"-1e400", "not JSON at byte 5"},
        {"0123", "not JSON at byte 3"},
        {".5", "not JSON at byte 0"},
        {"Infinity", "not JSON at byte 0"},
        {"NaN", "not JSON at byte 0"},
        {"\"\xff\"", "not JSON: byte 1 is not UTF-8"},
        {"\"\xc0\xaf\"", "not JSON: byte 1 is not UTF-8"},
        {"\"\xed\xa0\x80\"", "not JSON: byte 1 is not UTF-8"},
        {"\"\\ud800\"", "not JSON at byte 7"},
        {"\"\\udc00\"", "not JSON at byte 6"},
        {"\"\\ud800\\ud800\"", "not JSON at byte 12"},
        {"\"\\ufdd0\"", "JSON has a text with what is no character, at byte 7"},
        {"\"\xef\xb7\xaf\"", "JSON has a text with what is no character, at byte 4"},
        {"\"\xef\xbf\xbe\"", "JSON has a text with what is no character, at byte 4"},
        {"{\"\\uffff\":0}", "JSON has a text with what is no character, at byte 8"},
        {"\"\\ud83f\\udffe\"", "JSON has a text with what is no character, at byte 13"},
        {"\"\xf4\x8f\xbf\xbf\"", "JSON has a text with what is no character, at byte 5"},
    }));
    CAPTURE(text);
    CHECK(strict_refusal(text) == why);
}

TEST_CASE("json: what looks like something else is read all the same", "[base]") {
    const auto* const text =
        GENERATE("[-0.0,0,-1]", "\"\xef\xb7\x8f\xef\xb7\xb0\xef\xbf\xbd\"", "\"\xf0\x9f\xbf\xbd\"", "\"\xe1\xbf\xbe\"", "\"\\u0000\"", " \r\n\t{ } ");
    CAPTURE(text);
    CHECK(strict_refusal(text) == "taken");
}

TEST_CASE("json: of a provider is read what people may not write", "[base]") {
    CHECK(read_json("\xEF\xBB\xBF{}").is_object());
    CHECK(read_json("[-0]")[0] == 0);
    CHECK(read_json("\"\xef\xbf\xbf\"") == "\xef\xbf\xbf");
}

TEST_CASE("json: a refusal has its place in lines and columns", "[base]") {
    const auto place = [](std::string_view text) {
        try {
            read_strict_json(text);
        } catch (const JsonError& error) {
            return error.place_in(text);
        }
        return std::string("taken");
    };
    CHECK(place("x") == "1:1");
    CHECK(place("[\n  1,\n  x]") == "3:3");
    CHECK(place("") == "1:1");
    CHECK(place("{\"a\": 1,\n\"a\": 2\n}") == "3:1");
}

TEST_CASE("json: no value is taken for one of another type", "[base]") {
    JsonPet pet;
    const auto [text, why] = GENERATE(table<std::string, std::string>({
        {R"({"tame":"true"})", "tame must be true or false"},
        {R"({"tame":1})", "tame must be true or false"},
        {R"({"legs":"1"})", "legs must be a whole number"},
        {R"({"legs":1.0})", "legs must be a whole number"},
        {R"({"legs":1e2})", "legs must be a whole number"},
        {R"({"legs":99999999999999999999})", "legs must be a whole number"},
        {R"({"weight":"1"})", "weight must be a number"},
        {R"({"name":1})", "name must be a text"},
        {R"({"name":"\u0000"})", "name must not contain the character U+0000"},
        {R"({"name":null})", "name must not be null"},
        {"[]", "must be a JSON object"},
        {"null", "must be a JSON object"},
        {"\"x\"", "must be a JSON object"},
        {"1", "must be a JSON object"},
    }));
    CAPTURE(text);
    CHECK_THROWS_WITH(from_json(pet, read_strict_json(text)), why);
}

TEST_CASE("json: text that is not UTF-8 is written with replacement characters", "[base]") {
    CHECK(write_json(Json("a\xff")) == "\"a\xef\xbf\xbd\"");
}

}  // namespace wabot
