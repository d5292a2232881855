#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

namespace wabot {

namespace asio = boost::asio;

/// Wakes one waiting coroutine: "there is something to do". A notification without a waiter is kept, several count as one.
class Signal {
public:
    explicit Signal(asio::any_io_executor executor);
    ~Signal();

    /// From any thread.
    void notify();
    /// On the executor only: resumes at a notification (true), or after `longest` (false).
    asio::awaitable<bool> wait(std::chrono::milliseconds longest);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace wabot
