#include "cli/help/help.hpp"
#include "cli/commands.hpp"

#include <algorithm>

#include "cli/framework/globals.hpp"

#include "tests/catch.hpp"

using namespace wabot;
using namespace wabot::cli;

TEST_CASE("help: every command has a summary, an example of itself, and help that names all it takes", "[unit][help]") {
    for (const Command* command : all_commands()) {
        CAPTURE(command->path);
        CHECK_FALSE(command->summary.empty());
        CHECK(command->examples[0].line.find("wabot " + std::string(command->path)) != std::string_view::npos);
        CHECK_FALSE(command->examples[0].purpose.empty());
        CommandBuilder builder;
        const Action action = command->build(builder);
        CHECK(action);
        const std::string help = command_help(*command, 100);
        for (const Parameter& parameter : builder.parameters()) {
            CAPTURE(parameter.name);
            CHECK(help.find(parameter.is_argument() ? parameter.value : parameter.name) != std::string::npos);
            CHECK_FALSE(parameter.doc.empty());
        }
    }
}

TEST_CASE("help: no command is named twice, and none takes a global flag for itself", "[unit][help]") {
    std::vector<std::string_view> paths;
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);
    for (const Command* command : all_commands()) {
        CHECK(std::count(paths.begin(), paths.end(), command->path) == 0);
        paths.push_back(command->path);
        CommandBuilder builder;
        const Action action = command->build(builder);
        for (const Parameter& own : builder.parameters())
            for (const Parameter& global : globals.parameters()) {
                CHECK(own.name != global.name);
                if (!own.short_name.empty()) CHECK(own.short_name != global.short_name);
            }
    }
}

TEST_CASE("help: the overview names every noun", "[unit][help]") {
    const std::string text = overview(all_commands(), 80);
    for (const Command* command : all_commands()) CHECK(text.find("  " + std::string(command->noun())) != std::string::npos);
}

TEST_CASE("help: all of it stays within the screen", "[unit][help]") {
    for (const Command* command : all_commands()) {
        const std::string text = command_help(*command, 80);
        CAPTURE(text);
        CHECK(std::count(text.begin(), text.end(), '\n') < 24);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            const std::string line = text.substr(begin, end - begin);
            const bool is_prose = line.starts_with("  ") && !line.starts_with("  # ") && !line.starts_with("  wabot ");
            if (is_prose) CHECK(line.size() <= 80);
            begin = end + 1;
        }
    }
}
