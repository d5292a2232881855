#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command version_command;

}  // namespace wabot::cli
