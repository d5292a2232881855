#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command message_list_command;
extern const Command message_get_command;
extern const Command message_send_command;
extern const Command message_read_command;
extern const Command message_status_command;

}  // namespace wabot::cli
