#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command file_list_command;
extern const Command file_get_command;

}  // namespace wabot::cli
