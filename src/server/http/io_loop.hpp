#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <thread>

#include "server/http/connection.hpp"

namespace wabot {

/// One thread, its event loop, and the connections that live on it. Any thread may call the public functions.
class IoLoop {
public:
    IoLoop(Dispatcher& dispatcher, const HttpLimits& limits);
    ~IoLoop();

    asio::io_context& context() { return context_; }

    void start();
    /// Serves a connection made on this loop's context.
    void take(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket);
    /// Running requests finish, idle connections end, new ones are not served.
    void drain();
    /// Cuts every connection short.
    void abort();
    /// Ends the thread. What still waits on the loop goes away with it.
    void stop();

private:
    void serve(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket);
    asio::awaitable<void> sweep();

    Dispatcher& dispatcher_;
    const HttpLimits& limits_;
    std::list<Connection*> connections_;  // each is owned by the end of its coroutine
    bool draining_ = false;
    asio::io_context context_{1};
    asio::steady_timer sweep_timer_{context_};
    std::thread thread_;
};

}  // namespace wabot
