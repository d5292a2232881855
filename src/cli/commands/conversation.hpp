#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command conversation_list_command;
extern const Command conversation_get_command;
extern const Command conversation_handoff_command;

}  // namespace wabot::cli
