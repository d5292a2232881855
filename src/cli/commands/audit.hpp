#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command audit_list_command;
extern const Command audit_get_command;

}  // namespace wabot::cli
