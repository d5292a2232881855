#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command init_command;

}  // namespace wabot::cli
