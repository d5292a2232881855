#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command device_list_command;
extern const Command device_get_command;
extern const Command device_events_command;
extern const Command device_create_command;
extern const Command device_update_command;
extern const Command device_resume_command;
extern const Command device_delete_command;

}  // namespace wabot::cli
