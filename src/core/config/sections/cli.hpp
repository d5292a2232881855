#pragma once

#include <span>
#include <string>

#include "core/config/setting.hpp"

namespace wabot {

/// What commands print.
struct CliSettings {
    std::string output;
    std::string color;
    std::string pager;
};

std::span<const Setting> cli_settings();

}  // namespace wabot
