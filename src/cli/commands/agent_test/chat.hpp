#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command chat_command;

}  // namespace wabot::cli
