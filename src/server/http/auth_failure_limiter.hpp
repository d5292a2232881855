#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace wabot {

/// How often the requests of one address may fail to prove who they are from: so many times a second. Any thread.
class AuthFailureLimiter {
public:
    static constexpr int per_second = 20;
    static constexpr std::size_t addresses_max = 10'000;  // that are remembered; of more the failures are beyond the limit

    /// Counts one failure. False when `address` had all it may in this second.
    bool spend(std::string_view address, std::chrono::nanoseconds since_boot);

private:
    std::mutex mutex_;
    std::int64_t second_ = -1;
    std::map<std::string, int, std::less<>> failures_;  // of this second
};

}  // namespace wabot
