#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/base/log_throttle.hpp"

namespace wabot {

WABOT_ENUM(DrainWarningKind, failed_status, quarantined, unrouted)

/// Something in a webhook that a person may have to look at.
struct DrainWarning {
    DrainWarningKind kind;
    InboxId event;
    std::string reason;  // of a failed status the provider's error code
    std::optional<DeviceId> device = {};
    std::optional<MessageId> message = {};
};

/// Logs the warnings of drained webhooks: one line of each kind a second, with the number of those left out before it. One thread at a time.
class DrainLog {
public:
    /// `since_start`: of any clock that does not go back.
    void write(std::span<const DrainWarning> warnings, std::chrono::nanoseconds since_start);

private:
    struct Limit {
        LogThrottle throttle;
        std::int64_t left_out = 0;
    };
    std::array<Limit, words_of<DrainWarningKind>.size()> limits_;
};

}  // namespace wabot
