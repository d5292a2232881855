#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command queue_list_command;
extern const Command queue_pause_command;
extern const Command queue_resume_command;

}  // namespace wabot::cli
