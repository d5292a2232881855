#include "server/http/router.hpp"

#include "core/base/error.hpp"
#include "server/http/request_target.hpp"
#include "server/routes.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

asio::awaitable<Response> nothing(const Request&, Services&) {
    co_return Response::empty(204);
}

constexpr Route device_rows[] = {
    {Verb::get, {"/api/v1/devices", "/devices"}, Access::open, nothing, "", "Device", "All"},
    {Verb::get, {"/api/v1/devices/{device}"}, Access::open, nothing, "", "Device", "One"},
    {Verb::del, {"/api/v1/devices/{device}"}, Access::open, nothing, "", "", "Delete"},
    {Verb::post, {"/api/v1/devices/{device}/agents/{agent}"}, Access::open, nothing, "", "", "Attach"},
    {Verb::post, {"/api/v1/devices/test"}, Access::open, nothing, "", "", "Try"},
};

Router::Found find(const Router& router, Verb verb, std::string_view path) {
    return router.find(verb, read_target(path));
}

}  // namespace

TEST_CASE("the router finds a row by any of its paths") {
    const RouteTable tables[] = {device_rows};
    const Router router(tables);
    CHECK(find(router, Verb::get, "/api/v1/devices").route->summary == "All");
    CHECK(find(router, Verb::get, "/devices").route->summary == "All");

    SECTION("and fills in the parameters, decoded") {
        const auto found = find(router, Verb::post, "/api/v1/devices/main%20desk/agents/faq");
        REQUIRE(found.route);
        CHECK(found.path_parameters == std::vector<std::pair<std::string_view, std::string>>{{"device", "main desk"}, {"agent", "faq"}});
    }
    SECTION("and prefers literal segments, but only for their own verb") {
        CHECK(find(router, Verb::post, "/api/v1/devices/test").route->summary == "Try");
        CHECK(find(router, Verb::get, "/api/v1/devices/test").route->summary == "One");
        CHECK(find(router, Verb::post, "/api/v1/devices/test/agents/faq").route->summary == "Attach");
    }
    SECTION("and lets the row of GET answer HEAD") {
        CHECK(find(router, Verb::head, "/devices").route->summary == "All");
    }
    SECTION("and tells an unknown path from an unknown verb") {
        CHECK(find(router, Verb::get, "/nowhere").allowed.empty());
        CHECK(find(router, Verb::get, "/api/v1/devices/").allowed.empty());
        CHECK(find(router, Verb::get, "/api/v1").allowed.empty());
        CHECK(find(router, Verb::put, "/api/v1/devices/test").allowed == std::vector<Verb>{Verb::get, Verb::head, Verb::post, Verb::del});
    }
}

TEST_CASE("a table with a broken or doubled path is refused") {
    const auto make = [](std::string_view path, std::string_view other) {
        const Route rows[] = {{Verb::get, {path}, Access::open, nothing, "", "", ""}, {Verb::get, {other}, Access::open, nothing, "", "", ""}};
        const RouteTable tables[] = {rows};
        Router router(tables);
    };
    CHECK_NOTHROW(make("/a/{x}", "/a/b"));
    CHECK_THROWS_AS(make("/a/{x}", "/a/{y}"), Error);
    CHECK_THROWS_AS(make("/a", "/a"), Error);
    CHECK_THROWS_AS(make("/a", "b"), Error);
    CHECK_THROWS_AS(make("/a", "/b//c"), Error);
    CHECK_THROWS_AS(make("/a", "/b/{}"), Error);
}

TEST_CASE("the table of all routes is whole: no two rows for one verb and path, and every row is described") {
    const Router router(all_routes());
    CHECK_FALSE(router.rows().empty());
    for (const Route& row : router.rows()) {
        CAPTURE(row.paths[0]);
        CHECK_FALSE(row.paths[0].empty());
        CHECK_FALSE(row.summary.empty());
        CHECK(row.handler);
        CHECK(row.body_max <= 25u * 1024 * 1024);
    }
}
