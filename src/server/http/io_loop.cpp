#include "server/http/io_loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/log.hpp"

namespace wabot {

namespace {

void log_failure(std::exception_ptr thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) log::error("connection failed", {{"cause", error.what()}});
    } catch (const std::exception& error) {
        log::error("connection failed", {{"cause", error.what()}});
    }
}

}  // namespace

IoLoop::IoLoop(Dispatcher& dispatcher, const HttpLimits& limits) : dispatcher_(dispatcher), limits_(limits) {}

IoLoop::~IoLoop() {
    stop();
}

void IoLoop::start() {
    asio::co_spawn(context_, sweep(), log_failure);
    thread_ = std::thread([this] { context_.run(); });
}

void IoLoop::take(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket) {
    asio::post(context_, [this, socket = std::move(socket), ticket = std::move(ticket)]() mutable { serve(std::move(socket), std::move(ticket)); });
}

void IoLoop::serve(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket) {
    if (draining_) return;
    auto owned = std::make_unique<Connection>(std::move(socket), std::move(ticket), dispatcher_, limits_);
    Connection& connection = *owned;
    const auto place = connections_.insert(connections_.end(), &connection);
    auto ended = [this, place, owned = std::move(owned)](std::exception_ptr thrown) mutable {
        log_failure(thrown);
        connections_.erase(place);
        asio::post(context_, [owned = std::move(owned)] {});  // its cancellation slot is in use until this coroutine is gone
    };
    asio::co_spawn(context_, connection.serve(), asio::bind_cancellation_slot(connection.cancellation_slot(), std::move(ended)));
}

void IoLoop::drain() {
    asio::post(context_, [this] {
        draining_ = true;
        for (Connection* connection : connections_) connection->drain();
    });
}

void IoLoop::abort() {
    asio::post(context_, [this] {
        draining_ = true;
        for (Connection* connection : connections_) connection->abort();
    });
}

void IoLoop::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

asio::awaitable<void> IoLoop::sweep() {
    for (;;) {
        sweep_timer_.expires_after(limits_.sweep_interval);
        co_await sweep_timer_.async_wait(asio::use_awaitable);
        const auto now = std::chrono::steady_clock::now();
        for (Connection* connection : connections_) connection->sweep(now);
    }
}

}  // namespace wabot
