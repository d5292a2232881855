#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command trigger_command;

}  // namespace wabot::cli
