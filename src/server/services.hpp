#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "core/crypto/secret.hpp"
#include "core/telemetry/health.hpp"
#include "server/http/auth_failure_limiter.hpp"

namespace wabot {

namespace asio = boost::asio;

class Clock;
class Metrics;
class Random;
class ServiceWarnings;
struct Intake;
struct Request;

/// What handlers work with: made by the composition root, outlives the server.
struct Services {
    Clock& clock;
    Random& random;
    Metrics& metrics;
    /// What works and what does not.
    std::function<asio::awaitable<HealthReport>()> health;
    /// Reads a row and names the kind of database ("sqlite"); throws when it cannot.
    std::function<asio::awaitable<std::string>()> probe_database;
    /// The webhooks' way to the inbox; none in a server that takes in no messages.
    Intake* intake = nullptr;
    /// What doctor should know of; none in a server without a store.
    ServiceWarnings* warnings = nullptr;
    /// What clients of /metrics send; empty: only clients on this machine get the metrics.
    Secret metrics_token = {};
    /// For development: a client on this machine may leave the signature out.
    bool allow_unsigned_webhooks = false;
    AuthFailureLimiter auth_failures = {};
};

/// Counts a request that could not prove who it is from. Error{rate_limited} when its address had many of them: nothing is looked up for those.
void count_auth_failure(const Request& request, Services& services);

}  // namespace wabot
