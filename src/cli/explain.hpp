#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command explain_command;

}  // namespace wabot::cli
