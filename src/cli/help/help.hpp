#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/framework/command.hpp"

namespace wabot::cli {

/// One screen on one command: purpose, usage, what it takes, examples, the global flags in brief.
std::string command_help(const Command& command, std::size_t width);
/// The verbs of a noun.
std::string noun_help(std::string_view noun, std::span<const Command* const> commands, std::size_t width);
/// Every command by noun, and the global flags.
std::string overview(std::span<const Command* const> commands, std::size_t width);

/// Help on what the words name: a command, a noun, nothing. CommandExit{usage} for unknown ones.
std::string help_on(std::span<const std::string> words, std::size_t width);

}  // namespace wabot::cli
