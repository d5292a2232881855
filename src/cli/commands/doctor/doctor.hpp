#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command doctor_command;

}  // namespace wabot::cli
