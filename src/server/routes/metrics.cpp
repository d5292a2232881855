#include "core/telemetry/metrics.hpp"

#include "core/crypto/vault.hpp"
#include "core/operations/service_warnings.hpp"
#include "server/http/client_address.hpp"
#include "server/routes.hpp"
#include "server/services.hpp"

namespace wabot {

namespace {

/// RFC 6750 section 2.1; the scheme is a word in any case (RFC 9110 section 11.1).
bool has_bearer_token(const Request& request, std::string_view token) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view credentials = request.header("Authorization").value_or("");
    if (request.header_count("Authorization") != 1 || !same_word(credentials.substr(0, scheme.size()), scheme)) return false;
    return equal_in_constant_time(credentials.substr(scheme.size()), token);
}

Response unauthenticated(const Request& request) {
    Response response = Response::problem(401, "send the metrics token as Authorization: Bearer TOKEN", request.id);
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

asio::awaitable<Response> get_metrics(const Request& request, Services& services) {
    const std::string& token = services.metrics_token.reveal();
    if (!token.empty() && !has_bearer_token(request, token)) {
        count_auth_failure(request, services);
        co_return unauthenticated(request);
    }
    if (token.empty() && !is_from_this_machine(request)) {
        if (request.is_loopback && services.warnings != nullptr) co_await services.warnings->note(ServiceWarningKind::metrics_through_proxy);
        throw Error(Errc::denied, "metrics are for clients on this machine only", "set metrics.token to read them from elsewhere");
    }
    Response response = Response::text(services.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
}

constexpr Route metrics_rows[] = {
    {Verb::get, {"/metrics"}, Access::metrics, get_metrics, "", "text", "Counters in the Prometheus text format"},
};

}  // namespace

constinit const RouteTable metrics_routes = metrics_rows;

}  // namespace wabot
