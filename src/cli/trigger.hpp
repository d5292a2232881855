#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command trigger_command;

}  // namespace wabot::cli
