#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/value.hpp"

namespace wabot {

/// Business time, and the monotonic time that goes on while the machine sleeps. Safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    /// CLOCK_BOOTTIME: what has passed since boot, suspension included.
    virtual std::chrono::nanoseconds since_boot() const = 0;
};

/// "2026-01-05T12:00:00.000000Z", microseconds left out when they are zero.
std::string to_iso(Time time);
/// The reverse; nullopt for anything that is not exactly that form (with 0 to 6 decimals).
std::optional<Time> from_iso(std::string_view text);

}  // namespace wabot
