#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command ignore_list_command;
extern const Command ignore_create_command;
extern const Command ignore_delete_command;
extern const Command ignore_test_command;

}  // namespace wabot::cli
