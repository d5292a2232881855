#include "core/telemetry/metrics.hpp"

#include "server/routes.hpp"
#include "server/services.hpp"

namespace wabot {

namespace {

asio::awaitable<Response> get_metrics(const Request&, Services& services) {
    Response response = Response::text(services.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
}

constexpr Route metrics_rows[] = {
    {Verb::get, {"/metrics"}, Access::loopback, get_metrics, "", "text", "Counters in the Prometheus text format"},
};

}  // namespace

constinit const RouteTable metrics_routes = metrics_rows;

}  // namespace wabot
