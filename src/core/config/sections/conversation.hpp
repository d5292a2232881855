#pragma once

#include <chrono>
#include <span>

#include "core/config/setting.hpp"

namespace wabot {

/// How long an agent waits and stays silent.
struct ConversationSettings {
    std::chrono::milliseconds takeover_timeout{};
    std::chrono::milliseconds media_wait{};
};

std::span<const Setting> conversation_settings();

}  // namespace wabot
