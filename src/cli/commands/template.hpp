#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command template_list_command;
extern const Command template_get_command;

}  // namespace wabot::cli
