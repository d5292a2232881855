#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/log_throttle.hpp"
#include "core/telemetry/metrics.hpp"
#include "server/http/framing.hpp"
#include "server/http/router.hpp"

namespace wabot {

class Random;

/// From a request to its answer: names it, finds and guards its route, calls the handler, and turns whatever comes out of it into a response.
/// The one place of the server that catches. Any thread may use it.
class Dispatcher {
public:
    /// `services` is what handlers are given; all outlive the dispatcher.
    Dispatcher(std::span<const RouteTable> tables, Services& services, Metrics& metrics, Random& random);

    /// Gives the request its id: its own `X-Request-Id` when that is 1 to 64 of [A-Za-z0-9_.:-], else a new one.
    void name(Request& request);

    /// The route of a request whose body is not read yet, path parameters and query filled in; or why it gets none (400, 403, 404, 405, 501).
    std::variant<const Route*, Response> admit(Request& request) const;

    /// What the handler answers, or a problem in its place. Never throws.
    asio::awaitable<Response> answer(const Route& route, const Request& request);

    /// The answer to a message that did not become a request.
    Response refuse(const Refusal& refusal, const Request& request) const;

private:
    /// The counters of one route.
    struct Meter {
        Metrics::Counter ok;  // status 200, the one that comes in thousands a second
        Metrics::Histogram seconds;
    };

    std::string_view path_of(const Route& route) const { return route.paths[0]; }
    void count(std::string_view path, int status) const;

    Router router_;
    Services& services_;
    Metrics& metrics_;
    std::vector<Meter> meters_;  // beside router_.rows()
    std::string id_prefix_;
    std::atomic<std::uint64_t> last_id_{0};
    LogThrottle unavailable_logged_;
};

}  // namespace wabot
