#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command config_show_command;
extern const Command config_check_command;

}  // namespace wabot::cli
