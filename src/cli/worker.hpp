#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command worker_command;

}  // namespace wabot::cli
