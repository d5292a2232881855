#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command serve_command;

}  // namespace wabot::cli
