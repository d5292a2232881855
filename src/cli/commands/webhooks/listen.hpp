#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command listen_command;

}  // namespace wabot::cli
