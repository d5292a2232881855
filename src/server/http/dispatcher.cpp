#include "server/http/dispatcher.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/database/database_fault.hpp"
#include "server/http/client_address.hpp"
#include "server/http/request_target.hpp"

namespace wabot {

namespace {

constexpr std::size_t id_length_max = 64;
const std::string requests_total = "wabot_http_requests_total";

bool is_id_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '-';
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= id_length_max && std::all_of(text.begin(), text.end(), is_id_char);
}

Response method_not_allowed(const std::vector<Verb>& allowed, const Request& request) {
    Response response = Response::problem(405, "this path does not support that method", request.id);
    std::string list;
    for (const Verb verb : allowed) list.append(list.empty() ? "" : ", ").append(to_word(verb));
    response.headers.emplace_back("Allow", std::move(list));
    return response;
}

Response answer_to(const Error& error, const Request& request) {
    const bool is_stores = is_of_store(error);  // who asks is not denied anything, and may come again
    const int status = is_stores ? 503 : status_of(error.code());
    std::string detail = "internal error; the log has the details under this request_id";
    if (error.code() != Errc::bug) detail = error.hint().empty() ? error.what() : std::string(error.what()) + "; " + error.hint();
    Response response = Response::problem(status, detail, request.id, error.faults());
    if (is_stores || error.code() == Errc::rate_limited) response.headers.emplace_back("Retry-After", "1");
    return response;
}

}  // namespace

Dispatcher::Dispatcher(std::span<const RouteTable> tables, Services& services, Metrics& metrics, Random& random)
    : router_(tables), services_(services), metrics_(metrics), id_prefix_(random.word(8) + "-") {
    for (const Route& route : router_.rows()) {
        const std::string_view verb = to_word(route.verb), path = path_of(route);
        meters_.push_back({metrics.counter(requests_total, "HTTP requests answered", {{"route", path}, {"status", "200"}}),
                           metrics.histogram("wabot_http_request_seconds", "From the whole request to its answer", seconds_buckets(),
                                             {{"method", verb}, {"route", path}})});
    }
}

void Dispatcher::name(Request& request) {
    const auto given = request.header("X-Request-Id");
    if (given && is_id(*given)) {
        request.id = *given;
    } else {
        request.id = id_prefix_;
        request.id += std::to_string(last_id_.fetch_add(1, std::memory_order_relaxed) + 1);
    }
}

std::variant<const Route*, Response> Dispatcher::admit(Request& request) const {
    const auto refused = [&](Response response) {
        count("none", response.status);
        return response;
    };
    const auto verb = to_verb(request.method);
    const bool is_refused_everywhere = request.method == "TRACE" || request.method == "CONNECT";
    if (!verb && !is_refused_everywhere) return refused(Response::problem(501, "this method is not supported", request.id));
    if (request.method == "CONNECT") return refused(method_not_allowed({}, request));
    try {
        RequestTarget target = read_target(request.target);
        if (!verb) return refused(method_not_allowed(router_.allowed(target), request));
        Router::Found found = router_.find(*verb, target);
        if (!found.route) {
            if (found.allowed.empty()) return refused(Response::problem(404, "there is nothing at this path", request.id));
            return refused(method_not_allowed(found.allowed, request));
        }
        if (found.route->access == Access::loopback && !is_from_this_machine(request))
            return refused(Response::problem(403, "this path answers only local requests", request.id));
        request.path_parameters = std::move(found.path_parameters);
        request.query = std::move(target.query);
        return found.route;
    } catch (const Error& error) {
        return refused(answer_to(error, request));
    }
}

asio::awaitable<Response> Dispatcher::answer(const Route& route, const Request& request) {
    const auto begin = std::chrono::steady_clock::now();
    Response response;
    std::string cause;
    try {
        response = co_await route.handler(request, services_);
    } catch (const Error& error) {
        response = answer_to(error, request);
        cause = error.what();
    } catch (const std::exception& error) {
        response = answer_to(Error(Errc::bug, error.what()), request);
        cause = error.what();
    }
    const Meter& meter = meters_[static_cast<std::size_t>(&route - router_.rows().data())];
    meter.seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (response.status == 200)
        meter.ok.add();
    else
        count(path_of(route), response.status);
    // Of thousands that are turned away a second, one is worth a line; all are counted.
    if (response.status == 503 ? unavailable_logged_.is_first(begin.time_since_epoch()) : response.status >= 500)
        log::warning("request failed", {{"route", path_of(route)}, {"status", response.status}, {"request_id", request.id}, {"cause", cause}});
    co_return response;
}

Response Dispatcher::refuse(const Refusal& refusal, const Request& request) const {
    count("none", refusal.status);
    Response response = Response::problem(refusal.status, refusal.detail, request.id);
    if (refusal.status == 429 || refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

void Dispatcher::count(std::string_view path, int status) const {
    const std::string number = std::to_string(status);
    metrics_.count(requests_total, {{"route", path}, {"status", number}});
}

}  // namespace wabot
