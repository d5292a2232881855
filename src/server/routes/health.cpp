#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/json.hpp"
#include "core/base/log.hpp"
#include "server/routes.hpp"
#include "server/services.hpp"

namespace wabot {

namespace {

std::string_view to_word(Health status) {
    switch (status) {
        case Health::ok: return "ok";
        case Health::warning: return "warning";
        case Health::fail: return "fail";
    }
    return "fail";
}

Health worst(const HealthReport& report) {
    Health worst = report.ok ? Health::ok : Health::fail;
    for (const HealthCheck& check : report.checks) worst = std::max(worst, check.status);
    return worst;
}

/// 200 while messages can be taken in, whatever else is wrong; the body tells all.
asio::awaitable<Response> get_health(const Request&, Services& services) {
    const HealthReport report = co_await services.health();
    Json checks = Json::array();
    for (const HealthCheck& check : report.checks) {
        Json item;
        item["name"] = check.name;
        item["status"] = to_word(check.status);
        item["detail"] = check.detail;
        checks.push_back(std::move(item));
    }
    Json document;
    document["status"] = to_word(report.ok ? std::min(worst(report), Health::warning) : Health::fail);
    document["checks"] = std::move(checks);
    co_return Response::json(document, report.ok ? 200 : 503);
}

/// The process answers: nothing else is asked, so that a database that is away does not get it restarted.
asio::awaitable<Response> get_live(const Request&, Services&) {
    co_return Response::text("ok\n");
}

/// Balancers ask this one.
asio::awaitable<Response> get_ready(const Request&, Services& services) {
    const HealthReport report = co_await services.health();
    co_return report.ok ? Response::text("ok\n") : Response::text("not ready\n", 503);
}

/// Whether a row can be read, and how long that takes. Never the database's address or its own words.
asio::awaitable<Response> get_db_test(const Request& request, Services& services) {
    const auto begin = services.clock.since_boot();
    std::string kind;
    try {
        kind = co_await services.probe_database();
    } catch (const std::exception& error) {
        log::warning("database probe failed", {{"request_id", request.id}, {"cause", error.what()}});
        throw Error(Errc::unavailable, "the database cannot be read", "see wabot doctor");
    }
    const std::chrono::duration<double, std::milli> took = services.clock.since_boot() - begin;
    Json document;
    document["status"] = "ok";
    document["database"] = kind;
    document["latency_ms"] = std::round(took.count() * 1000) / 1000;
    co_return Response::json(document);
}

constexpr Route health_rows[] = {
    {Verb::get, {"/health"}, Access::open, get_health, "", "HealthReport", "What works and what does not"},
    {Verb::get, {"/health/live"}, Access::open, get_live, "", "text", "Whether the process answers"},
    {Verb::get, {"/health/ready"}, Access::open, get_ready, "", "text", "Whether webhooks can be stored"},
    {Verb::get, {"/db-test"}, Access::open, get_db_test, "", "DatabaseTest", "Whether the database can be read"},
};

}  // namespace

constinit const RouteTable health_routes = health_rows;

}  // namespace wabot
