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

}  // namespace wabot
