#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command version_command;

}  // namespace wabot::cli
