#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command worker_command;

}  // namespace wabot::cli
