#include "server/http/dispatcher.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include <nlohmann/json.hpp>

#include "core/base/blocking.hpp"
#include "core/base/error.hpp"
#include "server/services.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using Catch::Contains;
using test::FakeWorld;

namespace {

template <Errc code>
asio::awaitable<Response> fail(const Request&, Services&) {
    throw Error(code, "no device \"desk\"", "see wabot device list");
    co_return Response::empty();
}

asio::awaitable<Response> fail_on_fields(const Request&, Services&) {
    throw Error(Errc::invalid, "the device is not valid",
                std::vector<Fault>{{"options.rate_per_s", "is no number", "type"}, {"query.limit", "is too large", "value"}});
    co_return Response::empty();
}

asio::awaitable<Response> break_down(const Request&, Services&) {
    throw std::runtime_error("secret inner workings");
    co_return Response::empty();
}

asio::awaitable<Response> greet(const Request& request, Services&) {
    co_return Response::text("hello " + request.path("name"));
}

constexpr Route dispatcher_rows[] = {
    {Verb::get, {"/hello/{name}"}, Access::open, greet, "", "", ""},
    {Verb::get, {"/own"}, Access::loopback, break_down, "", "", ""},
    {Verb::get, {"/missing"}, Access::open, fail<Errc::not_found>, "", "", ""},
    {Verb::get, {"/away"}, Access::open, fail<Errc::unavailable>, "", "", ""},
    {Verb::get, {"/busy"}, Access::open, fail<Errc::rate_limited>, "", "", ""},
    {Verb::get, {"/wrong"}, Access::open, fail_on_fields, "", "", ""},
    {Verb::get, {"/bug"}, Access::open, fail<Errc::bug>, "", "", ""},
};
constexpr RouteTable dispatcher_tables[] = {dispatcher_rows};

struct DispatcherFixture {
    FakeWorld world;
    Metrics metrics;
    Services services{world.clock, world.random, metrics, {}, {}};
    Dispatcher dispatcher{dispatcher_tables, services, services.metrics, services.random};

    Response ask(Request request) {
        dispatcher.name(request);
        const auto admission = dispatcher.admit(request);
        if (const auto* refused = std::get_if<Response>(&admission)) return *refused;
        return blocking(dispatcher.answer(*std::get<const Route*>(admission), request));
    }
    Response get(std::string_view target) { return ask({.method = "GET", .target = target, .is_loopback = true}); }
};

nlohmann::json body_of(const Response& response) {
    return nlohmann::json::parse(response.body);
}

}  // namespace

TEST_CASE_METHOD(DispatcherFixture, "a handler gets its path parameters and answers") {
    const Response response = get("/hello/ana%20b");
    CHECK(response.status == 200);
    CHECK(response.body == "hello ana b");
}

TEST_CASE_METHOD(DispatcherFixture, "what a handler throws becomes a problem document") {
    const Response response = ask({.method = "GET", .target = "/missing", .headers = {{"x-request-id", "order:7"}}});
    CHECK(response.status == 404);
    CHECK(response.content_type == "application/problem+json");
    CHECK(body_of(response) == nlohmann::json{{"type", "not_found"},
                                              {"title", "Not Found"},
                                              {"status", 404},
                                              {"detail", "no device \"desk\"; see wabot device list"},
                                              {"errors", nlohmann::json::array()},
                                              {"request_id", "order:7"}});
}

TEST_CASE_METHOD(DispatcherFixture, "rejected fields are listed where they stand") {
    const Response response = get("/wrong");
    CHECK(response.status == 422);
    CHECK(body_of(response)["errors"] == nlohmann::json::parse(R"([{"loc": ["body", "options", "rate_per_s"], "msg": "is no number", "type": "type"},
                                                                  {"loc": ["query", "limit"], "msg": "is too large", "type": "value"}])"));
}

TEST_CASE_METHOD(DispatcherFixture, "what may work later says when to try again") {
    CHECK(get("/away").status == 503);
    CHECK(get("/away").header("retry-after") == "1");
    CHECK(get("/busy").status == 429);
    CHECK(get("/busy").header("retry-after") == "1");
}

TEST_CASE_METHOD(DispatcherFixture, "a bug says nothing about the inside") {
    for (const Response& response : {get("/own"), get("/bug")}) {
        CHECK(response.status == 500);
        CHECK(body_of(response)["type"] == "bug");
        CHECK_THAT(response.body, !Contains("secret") && !Contains("desk"));
    }
}

TEST_CASE_METHOD(DispatcherFixture, "a path for the own machine refuses others, also those a proxy speaks for") {
    CHECK(ask({.method = "GET", .target = "/own"}).status == 403);
    const std::string header =
        GENERATE(as<std::string>{}, "Forwarded", "via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "x-real-ip");
    CAPTURE(header);
    CHECK(ask({.method = "GET", .target = "/own", .headers = {{header, "127.0.0.1"}}, .is_loopback = true}).status == 403);
}

TEST_CASE_METHOD(DispatcherFixture, "requests without a row are told why") {
    CHECK(get("/nowhere").status == 404);
    CHECK(get("/%zz").status == 400);
    CHECK(ask({.method = "FOO", .target = "/missing"}).status == 501);
    CHECK(ask({.method = "get", .target = "/missing"}).status == 501);
    CHECK(ask({.method = "CONNECT", .target = "example.net:443"}).status == 405);
    CHECK(ask({.method = "TRACE", .target = "/missing"}).status == 405);
    const Response response = ask({.method = "DELETE", .target = "/missing"});
    CHECK(response.status == 405);
    CHECK(response.header("Allow") == "GET, HEAD");
}

TEST_CASE_METHOD(DispatcherFixture, "a request keeps a fit id of its own and otherwise gets a new one") {
    const auto id_for = [this](std::string_view given) {
        Request request{.headers = {{"X-Request-Id", given}}};
        dispatcher.name(request);
        return request.id;
    };
    CHECK(id_for("a.B-1_:") == "a.B-1_:");
    CHECK(id_for(std::string(64, 'a')) == std::string(64, 'a'));
    const std::string given = GENERATE(as<std::string>{}, "", "a b", "a\"b", std::string(65, 'a'));
    CHECK(id_for(given) != given);
    CHECK(id_for(given) != id_for(given));
}

TEST_CASE_METHOD(DispatcherFixture, "requests are counted by route and status") {
    get("/hello/a");
    get("/hello/b");
    get("/missing");
    get("/nowhere");
    const std::string text = metrics.text();
    CHECK_THAT(text, Contains("wabot_http_requests_total{route=\"/hello/{name}\",status=\"200\"} 2"));
    CHECK_THAT(text, Contains("wabot_http_requests_total{route=\"/missing\",status=\"404\"} 1"));
    CHECK_THAT(text, Contains("wabot_http_requests_total{route=\"none\",status=\"404\"} 1"));
}
