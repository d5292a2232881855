#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/framework/command.hpp"
#include "cli/framework/globals.hpp"
#include "cli/output/error_report.hpp"

namespace wabot::cli {

/// The command that leading words name, and how many words of the line that took.
struct Found {
    const Command* command = nullptr;  // none: the words are a noun alone, or nothing
    std::string noun;
    std::vector<std::string> rest;  // the line without the command's words
};

/// Looks for the command in a line whose global flags may stand anywhere. Plural nouns name the same commands. CommandExit{usage} with a
/// suggestion for a word that is no command.
Found find_command(std::span<const std::string> line, std::span<const Command* const> commands);

/// Reads `line` into what `own` and `globals` declare. CommandExit{usage} for everything that does not fit; nothing required is missed while
/// help is asked for.
void parse_line(std::span<const std::string> line, CommandBuilder& own, CommandBuilder& globals, bool& help_asked);

/// Whether errors are to be told as JSON, found even in a line that cannot be parsed.
ErrorForm error_form(std::span<const std::string> line, const Lookup& environment);

}  // namespace wabot::cli
