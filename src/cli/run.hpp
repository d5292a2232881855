#pragma once

#include <span>
#include <string>

#include "cli/output/sink.hpp"
#include "core/config/config_files.hpp"

namespace wabot::cli {

/// The whole of the terminal's side: finds the command of `line` (without the program's name), runs it, tells its failure, and gives the exit
/// code. The one place where a command's exceptions end.
int run(std::span<const std::string> line, const Environment& environment, Sink& data, Sink& talk);

/// NAME=value strings, as main gets them.
Environment read_environment(const char* const* strings);

}  // namespace wabot::cli
