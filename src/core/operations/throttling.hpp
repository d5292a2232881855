#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// What keeps the sends of a device back: its own pace, the provider's limits, or the quality of its number.
WABOT_ENUM(ThrottleKind, pace, limit, quality)

/// A device that goes slower than it has to send.
struct ThrottledDevice {
    DeviceId device_id;
    std::string device;  // its key
    ThrottleKind kind;
    std::string detail;  // what is so, since when
    std::string hint;    // what to do
};

namespace throttling {

inline constexpr std::chrono::seconds pace_patience{30};  // sends may wait for tokens for so long
inline constexpr std::chrono::minutes limit_memory{10};   // a word of the provider is told for so long

/// Of all devices, or of one; 100 at most.
std::vector<ThrottledDevice> list(Snapshot& db, std::optional<DeviceId> device = std::nullopt);

}  // namespace throttling

}  // namespace wabot
