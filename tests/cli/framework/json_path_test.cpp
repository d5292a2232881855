#include "cli/framework/json_path.hpp"

#include <nlohmann/json.hpp>

#include "cli/output/exit_codes.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using namespace wabot::cli;

namespace {

Json changed(Json json, std::string_view path, const std::string& text) {
    set_at(json, path, text);
    return json;
}

}  // namespace

TEST_CASE("a path sets texts, numbers and whole objects") {
    const Json item{{"text", {{"body", "hello"}}}, {"list", {1, 2}}};
    CHECK(changed(item, "text.body", "42")["text"]["body"] == "42");
    CHECK(changed(item, "text.body:", "42")["text"]["body"] == 42);
    CHECK(changed(item, "list.0", "7")["list"] == Json({7, 2}));
    CHECK(changed(item, "list.2", "3")["list"] == Json({1, 2, 3}));
    CHECK(changed(item, "new.deep", "word")["new"]["deep"] == "word");
    CHECK(changed(item, "new", "{\"a\": [true]}")["new"]["a"][0] == true);
    CHECK(changed(item, "new", "{\"a\"")["new"] == "{\"a\"");
}

TEST_CASE("a path that leads nowhere is refused") {
    Json item{{"text", {{"body", "hello"}}}, {"list", {1}}};
    for (const char* path : {"", "text..body", "text.body.deeper", "list.5", "list.x"}) {
        INFO(path);
        CHECK_THROWS_AS(set_at(item, path, "x"), CommandExit);
    }
    CHECK_THROWS_AS(set_at(item, "text:", "{"), CommandExit);
    CHECK_THROWS_AS(unset_at(item, "text.other"), CommandExit);
    CHECK_THROWS_AS(unset_at(item, "list.1"), CommandExit);
}

TEST_CASE("a path takes members and places away") {
    Json item{{"text", {{"body", "hello"}, {"more", 1}}}, {"list", {1, 2}}};
    unset_at(item, "text.body");
    unset_at(item, "list.0");
    CHECK(item == Json{{"text", {{"more", 1}}}, {"list", {2}}});
}
