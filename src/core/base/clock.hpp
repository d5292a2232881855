#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/value.hpp"

namespace wabot {

namespace asio = boost::asio;

/// Business time, and the monotonic time that goes on while the machine sleeps. Safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// CLOCK_BOOTTIME: what has passed since boot, suspension included.
    virtual std::chrono::nanoseconds since_boot() const = 0;
};

/// Waiting. The one place that knows real timers, so that tests own time.
class Timers {
public:
    virtual ~Timers() = default;
    /// Resumes after `delay`, or at once with `false` when the wait was cancelled.
    virtual asio::awaitable<bool> after(std::chrono::nanoseconds delay) = 0;
};

/// Unpredictable octets. Safe to call from any thread.
class Random {
public:
    virtual ~Random() = default;
    /// `count` random octets, fit for keys and nonces.
    virtual std::string octets(std::size_t count) = 0;
    /// `length` characters of [a-z0-9], for keys and tokens that people see.
    std::string word(std::size_t length);
    /// Uniform in [0, 1), for jitter.
    double fraction();
};

/// What comes from outside, given to whoever needs it instead of being fetched: built once, by the composition root.
struct World {
    Clock& clock;
    Timers& timers;
    Random& random;
};

/// The machine's own clock, timers and randomness; lives as long as the process.
World& real_world();

/// "2026-01-05T12:00:00.000000Z", microseconds left out when they are zero.
std::string to_iso(Time time);
/// The reverse; nullopt for anything that is not exactly that form (with 0 to 6 decimals).
std::optional<Time> from_iso(std::string_view text);

}  // namespace wabot
