#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command explain_command;

}  // namespace wabot::cli
