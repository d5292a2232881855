#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/framework/command.hpp"

namespace wabot::cli {

/// One command: purpose, usage, examples, arguments, and every flag of its own in groups.
std::string command_help(const Command& command, std::size_t width);
/// The verbs of a noun.
std::string noun_help(std::string_view noun, std::span<const Command* const> commands, std::size_t width);
/// The flags that every command takes.
std::string global_flags_help(std::size_t width);

/// Nouns that the overview shows side by side.
struct CommandGroup {
    std::string_view title;
    std::string_view nouns[5];  // the last ones may be empty
};
std::span<const CommandGroup> command_groups();
/// Every noun in its group and every topic, on one screen.
std::string overview(std::size_t width);

/// Help on what the words name: a command, a noun, nothing. CommandExit{usage} for unknown ones.
std::string help_on(std::span<const std::string> words, std::size_t width);

}  // namespace wabot::cli
