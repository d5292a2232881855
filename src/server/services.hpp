#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "core/telemetry/health.hpp"

namespace wabot {

namespace asio = boost::asio;

class Clock;
class Metrics;
class Random;
struct Intake;

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
};

}  // namespace wabot
