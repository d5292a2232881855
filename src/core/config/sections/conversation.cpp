#include "core/config/sections/conversation.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> conversation_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::conversation, &ConversationSettings::takeover_timeout>("conversation.takeover_timeout", {.env = {"WABOT_TAKEOVER_TIMEOUT"}, .fallback = "12h", .least = 1000, .most = 3650 * day_ms, .reloadable = true,
            .doc = "How long the agent stays silent after a person took over a conversation."}),
        setting<&Settings::conversation, &ConversationSettings::media_wait>("conversation.media_wait", {.env = {"WABOT_MEDIA_WAIT"}, .fallback = "60s", .most = day_ms,
            .doc = "How long the answer to a message waits for the image, voice note or document that came with it. After that the agent is told that it is not there."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
