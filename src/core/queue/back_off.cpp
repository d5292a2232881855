#include "core/queue/back_off.hpp"

#include <algorithm>
#include <cmath>

namespace wabot {

std::chrono::microseconds back_off(std::int64_t attempt, double jitter) {
    constexpr std::chrono::seconds longest = std::chrono::hours(6);
    const std::chrono::seconds whole(std::int64_t{1} << std::clamp<std::int64_t>(attempt, 0, 15));
    const double spread = 0.8 + 0.4 * jitter;
    return std::chrono::microseconds(std::llround(spread * 1e6 * static_cast<double>(std::min(whole, longest).count())));
}

std::chrono::microseconds grown(std::chrono::seconds first, std::int64_t factor, std::int64_t times, std::chrono::seconds longest, double jitter) {
    std::chrono::seconds wait = first;
    for (; times > 0 && wait < longest; --times) wait *= factor;
    return std::chrono::microseconds(std::llround((1 + 0.2 * jitter) * 1e6 * static_cast<double>(std::min(wait, longest).count())));
}

}  // namespace wabot
