#include "cli/commands/webhooks/forwarder.hpp"

#include <boost/asio/co_spawn.hpp>

#include "core/base/world.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

constexpr int attempts_max = 5;

}  // namespace

Forwarder::Forwarder(World& world, std::string url, bool retry, std::function<void(const Outcome&)> tell)
    : world_(world), url_(std::move(url)), retry_(retry), tell_(std::move(tell)), http_(open_http_client(in_flight_max)) {}

void Forwarder::start(std::int64_t event, SignedBody body) {
    ++in_flight_;
    asio::co_spawn(context_, forward(event, std::move(body)), [this](std::exception_ptr failure) {
        --in_flight_;
        if (failure) std::rethrow_exception(failure);
    });
}

void Forwarder::run(std::chrono::milliseconds limit) {
    context_.restart();
    context_.run_for(limit);
}

asio::awaitable<void> Forwarder::forward(std::int64_t event, SignedBody body) {
    for (int attempt = 1;; ++attempt) {
        const Posted posted = co_await post_webhook(*http_, url_, body, 30s);
        const bool taken = posted.status >= 200 && posted.status < 300;
        const bool goes_on = !taken && retry_ && attempt < attempts_max;
        tell_({event, posted, goes_on});
        if (!goes_on) co_return;
        co_await world_.timers.after(1s * (1 << (attempt - 1)));
    }
}

}  // namespace wabot::cli
