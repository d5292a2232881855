#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command event_list_command;
extern const Command event_get_command;
extern const Command event_replay_command;

}  // namespace wabot::cli
