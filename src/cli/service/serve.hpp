#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command serve_command;

}  // namespace wabot::cli
