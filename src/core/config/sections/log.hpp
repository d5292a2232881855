#pragma once

#include <filesystem>
#include <span>

#include "core/base/log.hpp"
#include "core/config/setting.hpp"

namespace wabot {

/// What is logged, how and where.
struct LogSettings {
    log::Level level = log::Level::info;
    LogFormat format = LogFormat::text;
    std::filesystem::path folder;
};

std::span<const Setting> log_settings();

}  // namespace wabot
