#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command tail_command;

}  // namespace wabot::cli
