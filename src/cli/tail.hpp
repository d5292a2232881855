#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command tail_command;

}  // namespace wabot::cli
