#include "core/config/sections/conversation.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> conversation_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::conversation, &ConversationSettings::takeover_timeout>("conversation.takeover_timeout", {.env = {"WABOT_TAKEOVER_TIMEOUT"}, .fallback = "12h", .least = 1000, .most = 3650 * day_ms, .reloadable = true,
            .doc = "How long agents do not answer after a person took over a conversation."}),
        setting<&Settings::conversation, &ConversationSettings::media_wait>("conversation.media_wait", {.env = {"WABOT_MEDIA_WAIT"}, .fallback = "60s", .most = day_ms,
            .doc = "How long a turn waits for the media of its message (image, voice note, document). After that the agent answers without the file."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
