#pragma once

#include <chrono>
#include <span>

#include "core/config/setting.hpp"

namespace wabot {

/// How workers claim, try and give up.
struct WorkerSettings {
    std::chrono::milliseconds lease{};
    std::chrono::milliseconds uncertain_window{};
    int turn_attempts = 0;
    int send_attempts = 0;
    int send_concurrency = 0;
};

std::span<const Setting> worker_settings();

}  // namespace wabot
