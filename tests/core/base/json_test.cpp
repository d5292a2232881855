#include "core/base/json.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

namespace wabot {
namespace {

std::string refusal(std::string_view text, int depth_max = 64) {
    try {
        read_json(text, depth_max);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::bad_request);
        return e.what();
    }
    return "taken";
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
    CHECK(refusal("") == "not JSON at octet 0");
    CHECK(refusal(R"({"a":secret})") == "not JSON at octet 5");
    CHECK(refusal("1 2") == "not JSON at octet 2");
    CHECK(refusal("[1,]") == "not JSON at octet 3");
    CHECK(refusal("[1e999]").starts_with("not JSON at octet"));
    CHECK(refusal("[NaN]") == "not JSON at octet 1");
    CHECK(refusal("{'a':1}") == "not JSON at octet 1");
    CHECK(refusal("[1] // done").starts_with("not JSON at octet"));
}

TEST_CASE("json: octets that are not UTF-8 are refused with their place", "[base]") {
    CHECK(refusal("[\"\xff\"]") == "not JSON: octet 2 is not UTF-8");
    CHECK(refusal("[\"\xc0\xaf\"]") == "not JSON: octet 2 is not UTF-8");
    CHECK(refusal("[\"\xed\xa0\x80\"]") == "not JSON: octet 2 is not UTF-8");
    CHECK(refusal(R"(["\ud800"])").starts_with("not JSON at octet"));
}

TEST_CASE("json: nesting has a limit, even of a million levels", "[base]") {
    CHECK(refusal(nested(64)) == "taken");
    CHECK(refusal(nested(65)) == "JSON is nested deeper than 64 levels");
    CHECK(refusal(nested(3), 2) == "JSON is nested deeper than 2 levels");
    CHECK(refusal(std::string(1'000'000, '[')) == "JSON is nested deeper than 64 levels");
}

TEST_CASE("json: a key that stands twice in one object is refused", "[base]") {
    CHECK(refusal(R"({"a":1,"b":2,"a":3})") == "JSON has the key a twice in one object");
    CHECK(refusal(R"([{"a":1},{"a":2}])") == "taken");
    CHECK(refusal(R"({"a":{"a":1}})") == "taken");
}

TEST_CASE("json: an object of very many keys is read in passable time", "[base]") {
    std::string text = "{";
    for (int i = 0; i < 100'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    CHECK(read_json(text + "}").size() == 100'000);  // pairwise comparison would take minutes
}

TEST_CASE("json: text that is not UTF-8 is written with replacement characters", "[base]") {
    CHECK(write_json(Json("a\xff")) == "\"a\xef\xbf\xbd\"");
}

}  // namespace wabot
