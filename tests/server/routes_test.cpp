#include "server/routes.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include <nlohmann/json.hpp>

#include "core/base/blocking.hpp"
#include "core/base/error.hpp"
#include "core/base/version.hpp"
#include "server/http/dispatcher.hpp"
#include "server/services.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using Catch::Contains;
using test::FakeWorld;

namespace {

struct Fixture {
    FakeWorld world;
    Metrics metrics;
    HealthReport report{.ok = true, .checks = {{"database", Health::ok, "sqlite"}, {"workers", Health::warning, "none seen for 60 s"}}};
    bool database_is_away = false;
    Services services{world.clock, world.random, metrics, [this]() -> asio::awaitable<HealthReport> { co_return report; },
                      [this] { return probe(); }};
    Dispatcher dispatcher{all_routes(), services, services.metrics, services.random};

    asio::awaitable<std::string> probe() {
        world.clock.advance(std::chrono::microseconds(1'250));
        if (database_is_away) throw std::runtime_error("cannot reach db.example.net as user ana");
        co_return "sqlite";
    }

    Response get(std::string_view target) { return ask({.method = "GET", .target = target, .is_loopback = true}); }
    Response ask(Request request) {
        dispatcher.name(request);
        const auto admission = dispatcher.admit(request);
        if (const auto* refused = std::get_if<Response>(&admission)) return *refused;
        return blocking(dispatcher.answer(*std::get<const Route*>(admission), request));
    }
    nlohmann::json document(std::string_view target) { return nlohmann::json::parse(get(target).body); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the root names the program and where to go on") {
    const auto root = document("/");
    CHECK(root["message"] == "Hello World");
    CHECK(root["name"] == "wabot");
    CHECK(root["version"] == std::string(version()));
    CHECK(get(root["links"]["health"].get<std::string>()).status == 200);
}

TEST_CASE_METHOD(Fixture, "health tells every check and is 200 while messages can be taken in") {
    CHECK(get("/health").status == 200);
    CHECK(document("/health") == nlohmann::json::parse(R"({"status": "warning", "checks": [{"name": "database", "status": "ok", "detail": "sqlite"},
                                                           {"name": "workers", "status": "warning", "detail": "none seen for 60 s"}]})"));
    CHECK(get("/health/ready").status == 200);
    SECTION("and 503 when they cannot, though the process lives") {
        report = {.ok = false, .checks = {{"database", Health::fail, "disk full"}}};
        CHECK(get("/health").status == 503);
        CHECK(document("/health")["status"] == "fail");
        CHECK(get("/health/ready").status == 503);
        CHECK(get("/health/live").status == 200);
    }
}

TEST_CASE_METHOD(Fixture, "the database test names kind and latency, and nothing of the driver's own words") {
    CHECK(document("/db-test") == nlohmann::json{{"status", "ok"}, {"database", "sqlite"}, {"latency_ms", 1.25}});
    database_is_away = true;
    const Response response = get("/db-test");
    CHECK(response.status == 503);
    CHECK_THAT(response.body, !Contains("example.net") && !Contains("ana"));
}

TEST_CASE_METHOD(Fixture, "metrics are served as text") {
    metrics.count("wabot_turns_total", {}, 3);
    const Response response = get("/metrics");
    CHECK_THAT(response.content_type, Contains("version=0.0.4"));
    CHECK_THAT(response.body, Contains("wabot_turns_total 3"));
}

TEST_CASE_METHOD(Fixture, "without a token only clients on this machine get the metrics") {
    CHECK(ask({.method = "GET", .target = "/metrics"}).status == 403);
    CHECK(ask({.method = "GET", .target = "/metrics", .headers = {{"Via", "1.1 edge"}}, .is_loopback = true}).status == 403);
    CHECK(ask({.method = "GET", .target = "/metrics", .headers = {{"Authorization", "Bearer "}}}).status == 403);
}

TEST_CASE_METHOD(Fixture, "with a token every client of the metrics must send it") {
    services.metrics_token = Secret("mellon-4711");
    const auto status_with = [this](std::vector<std::pair<std::string_view, std::string_view>> headers, bool is_loopback) {
        return ask({.method = "GET", .target = "/metrics", .headers = std::move(headers), .is_loopback = is_loopback}).status;
    };
    const bool is_loopback = GENERATE(false, true);
    CHECK(status_with({{"Authorization", "Bearer mellon-4711"}}, is_loopback) == 200);
    CHECK(status_with({{"authorization", "bearer mellon-4711"}, {"X-Forwarded-For", "198.51.100.1"}}, is_loopback) == 200);
    CHECK(status_with({}, is_loopback) == 401);
    const std::string wrong = GENERATE(as<std::string>{}, "Bearer mellon-4712", "Bearer mellon-471", "Bearer mellon-47111", "Bearer", "Bearer ",
                                       "mellon-4711", "Basic mellon-4711", "");
    CAPTURE(wrong);
    CHECK(status_with({{"Authorization", wrong}}, is_loopback) == 401);
    CHECK(status_with({{"Authorization", "Bearer mellon-4711"}, {"Authorization", wrong}}, is_loopback) == 401);
    CHECK(get("/metrics").header("WWW-Authenticate") == "Bearer");
}

TEST_CASE_METHOD(Fixture, "an address that tries many metrics tokens is refused for a second") {
    services.metrics_token = Secret("mellon-4711");
    const auto guess = [this](std::string_view peer) {
        return ask({.method = "GET", .target = "/metrics", .headers = {{"Authorization", "Bearer guess"}}, .peer = peer}).status;
    };
    for (int i = 0; i < AuthFailureLimiter::per_second; ++i) CHECK(guess("198.51.100.1") == 401);
    CHECK(guess("198.51.100.1") == 429);
    CHECK(guess("198.51.100.2") == 401);
}
