#include "core/database/postgres/server_clock.hpp"

#include <algorithm>

namespace wabot {

namespace {

constexpr std::chrono::seconds age_max{1};
constexpr std::chrono::seconds set_back_min{2};  // below, it was read late or is being slowed down

}  // namespace

std::optional<Time> ServerClock::at(Instant at) {
    const std::lock_guard lock(mutex_);
    if (!reading_ || at - reading_->at > age_max) return std::nullopt;
    return given(at);
}

Time ServerClock::note(Time time, Instant asked, Instant answered) {
    const std::lock_guard lock(mutex_);
    const Instant half_way = asked + (answered - asked) / 2;
    // Of two that asked beside each other the later answer counts.
    if (!reading_ || reading_->at < half_way) reading_ = Reading{time, half_way};
    return given(answered);
}

Time ServerClock::given(Instant at) {
    const Time now = reading_->server + std::chrono::duration_cast<std::chrono::microseconds>(at - reading_->at);
    // Standing still for hours after its clock was set back would be worse than going back: nothing would come due.
    latest_ = latest_ - now > set_back_min ? now : std::max(latest_, now);
    return latest_;
}

}  // namespace wabot
