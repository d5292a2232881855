#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command contact_list_command;
extern const Command contact_get_command;

}  // namespace wabot::cli
