#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

namespace wabot {

namespace asio = boost::asio;

/// Waiting. The one place that knows real timers, so that tests own time.
class Timers {
public:
    virtual ~Timers() = default;
    /// Resumes after `delay`, or at once with `false` when the wait was cancelled.
    virtual asio::awaitable<bool> after(std::chrono::nanoseconds delay) = 0;
};

}  // namespace wabot
