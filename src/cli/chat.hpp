#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command chat_command;

}  // namespace wabot::cli
