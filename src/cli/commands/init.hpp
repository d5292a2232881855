#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command init_command;

}  // namespace wabot::cli
