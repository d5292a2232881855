#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command retention_show_command;
extern const Command retention_run_command;

}  // namespace wabot::cli
