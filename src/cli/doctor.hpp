#pragma once

#include "cli/command.hpp"

namespace wabot::cli {

extern const Command doctor_command;

}  // namespace wabot::cli
