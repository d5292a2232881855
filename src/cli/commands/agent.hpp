#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command agent_list_command;
extern const Command agent_get_command;
extern const Command agent_create_command;
extern const Command agent_update_command;
extern const Command agent_delete_command;
extern const Command agent_enable_command;
extern const Command agent_disable_command;
extern const Command agent_attach_command;
extern const Command agent_detach_command;
extern const Command agent_test_command;

}  // namespace wabot::cli
