#include "server/http/auth_failure_limiter.hpp"

#include <utility>

#include "core/base/ip_ranges.hpp"

namespace wabot {

bool AuthFailureLimiter::spend(std::string_view address, std::chrono::nanoseconds since_boot) {
    const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(since_boot).count();
    const std::string counted = counted_address(address);
    const std::scoped_lock lock(mutex_);
    if (std::exchange(second_, second) != second) failures_.clear();
    const auto found = failures_.find(counted);
    if (found == failures_.end()) return failures_.size() < addresses_max && failures_.emplace(counted, 1).second;
    if (found->second == per_second) return false;
    ++found->second;
    return true;
}

}  // namespace wabot
