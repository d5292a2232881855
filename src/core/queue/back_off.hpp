#pragma once

#include <chrono>
#include <cstdint>

namespace wabot {

/// How long a failed attempt waits for the next: 2^attempt seconds, 6 hours at most, spread by a fifth to either side. `jitter` in [0, 1).
std::chrono::microseconds back_off(std::int64_t attempt, double jitter);

/// `first`, `times` times `factor`, `longest` at most; spread by up to a fifth, never shorter: for what a provider wants waited.
std::chrono::microseconds grown(std::chrono::seconds first, std::int64_t factor, std::int64_t times, std::chrono::seconds longest, double jitter);

}  // namespace wabot
