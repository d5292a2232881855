#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace wabot {

/// Limits a log line to one per second. Any thread.
class LogThrottle {
public:
    /// Whether it is the first time in the second of `since_start`, of whatever clock.
    bool is_first(std::chrono::nanoseconds since_start) {
        const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(since_start).count();
        return last_.exchange(second) != second;
    }

private:
    std::atomic<std::int64_t> last_{-1};
};

}  // namespace wabot
