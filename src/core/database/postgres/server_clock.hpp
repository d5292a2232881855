#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "core/base/clock.hpp"

namespace wabot {

/// A server's clock, read now and then and gone on since by our own: one for all connections to it, so that what is due now to one of them is so to
/// the others. Any thread.
class ServerClock {
public:
    using Instant = std::chrono::steady_clock::time_point;

    /// The server's time at `at`; nullopt when it was not read for a second. Never before what was given already, unless the server's clock was set
    /// back by more than two seconds.
    std::optional<Time> at(Instant at);
    /// The server said `time` between the two instants. Gives its time at `answered`.
    Time note(Time time, Instant asked, Instant answered);

private:
    Time given(Instant at);

    struct Reading {
        Time server;
        Instant at;
    };
    std::mutex mutex_;
    std::optional<Reading> reading_;
    Time latest_{};
};

}  // namespace wabot
