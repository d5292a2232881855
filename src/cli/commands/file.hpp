#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command file_list_command;
extern const Command file_get_command;

}  // namespace wabot::cli
