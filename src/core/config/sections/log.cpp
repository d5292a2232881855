#include "core/config/sections/log.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> log_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::log, &LogSettings::level>("log.level", {.env = {"WABOT_LOG"}, .fallback = "info", .words = words_of<log::Level>, .reloadable = true,
            .doc = "Least severity that is logged."}),
        setting<&Settings::log, &LogSettings::format>("log.format", {.env = {"WABOT_LOG_FORMAT"}, .fallback = "text", .words = words_of<LogFormat>,
            .doc = "Format of log lines."}),
        setting<&Settings::log, &LogSettings::folder>("log.folder", {.env = {"AI_MESSAGE_LOGS_FOLDER"},
            .doc = "Folder of auth.log, twilio_webhook.log, messages.log and reports.log. Not set: stderr only."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
