#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command migrate_status_command;
extern const Command migrate_plan_command;
extern const Command migrate_up_command;
extern const Command migrate_down_command;

}  // namespace wabot::cli
