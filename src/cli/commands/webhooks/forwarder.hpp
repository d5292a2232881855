#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cli/commands/webhooks/poster.hpp"
#include "core/base/world.hpp"

namespace wabot::cli {

/// Posts webhooks to another place, several at a time, on the caller's thread.
class Forwarder {
public:
    static constexpr std::size_t in_flight_max = 8;

    /// One webhook and what came of its last attempt.
    struct Outcome {
        std::int64_t event;
        Posted posted;
        bool goes_on;  // it is tried again
    };

    Forwarder(World& world, std::string url, bool retry, std::function<void(const Outcome&)> tell);

    std::size_t in_flight() const { return in_flight_; }
    /// Begins; at most `in_flight_max` at a time.
    void start(std::int64_t event, SignedBody body);
    /// Lets what is in flight go on for that long, or until it is done.
    void run(std::chrono::milliseconds limit);

private:
    asio::awaitable<void> forward(std::int64_t event, SignedBody body);

    World& world_;
    const std::string url_;
    const bool retry_;
    const std::function<void(const Outcome&)> tell_;
    std::size_t in_flight_ = 0;
    asio::io_context context_{1};
    std::unique_ptr<HttpClient> http_;  // goes before the context
};

}  // namespace wabot::cli
