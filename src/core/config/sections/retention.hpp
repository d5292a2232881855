#pragma once

#include <chrono>
#include <span>

#include "core/config/setting.hpp"

namespace wabot {

/// How long what is kept.
struct RetentionSettings {
    std::chrono::milliseconds webhooks{};
    std::chrono::milliseconds jobs{};
    std::chrono::milliseconds changes{};
    std::chrono::milliseconds files{};
    std::chrono::milliseconds audit{};
    std::chrono::milliseconds idempotency_keys{};
};

std::span<const Setting> retention_settings();

}  // namespace wabot
