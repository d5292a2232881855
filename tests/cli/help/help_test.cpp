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

TEST_CASE("help: the overview has every noun in one group, on one screen", "[unit][help]") {
    std::vector<std::string_view> grouped;
    for (const CommandGroup& group : command_groups())
        for (const std::string_view noun : group.nouns)
            if (!noun.empty()) grouped.push_back(noun);
    for (const Command* command : all_commands()) {
        CAPTURE(command->path);
        CHECK(std::count(grouped.begin(), grouped.end(), command->noun()) == 1);
    }
    for (const std::string_view noun : grouped) {
        const auto commands = all_commands();
        CHECK(std::any_of(commands.begin(), commands.end(), [&](const Command* command) { return command->noun() == noun; }));
    }
    const std::string text = overview(80);
    CAPTURE(text);
    CHECK(std::count(text.begin(), text.end(), '\n') <= 24);
    for (const std::string_view noun : grouped) CHECK(text.find(noun) != std::string::npos);
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) CHECK(text.find('\n', begin) - begin <= 80);
}

TEST_CASE("help: each flag of a command stands at the beginning of a line", "[unit][help]") {
    for (const Command* command : all_commands()) {
        CommandBuilder builder;
        const Action action = command->build(builder);
        const std::string text = command_help(*command, 80);
        CAPTURE(text);
        for (const Parameter& parameter : builder.parameters()) {
            const std::string names = parameter.short_name.empty() ? parameter.name : parameter.short_name + ", " + parameter.name;
            if (!parameter.is_argument()) CHECK(text.find("\n  " + names) != std::string::npos);
        }
        CHECK(text.find("wabot help global-flags") != std::string::npos);
    }
}

TEST_CASE("help: kinds and types that nothing serves are not offered", "[unit][help]") {
    for (const Command* command : all_commands()) {
        const std::string text = command_help(*command, 80);
        CAPTURE(text);
        for (const std::string_view word : {"telegram", "twilio", "gateway", "langgraph", "builtin", "qr_pending"})
            CHECK(text.find(word) == std::string::npos);
    }
}

TEST_CASE("help: no line is wider than the screen", "[unit][help]") {
    for (const Command* command : all_commands()) {
        const std::string text = command_help(*command, 80);
        CAPTURE(text);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            const std::string line = text.substr(begin, end - begin);
            const bool is_prose = line.starts_with("  ") && !line.starts_with("  # ") && !line.starts_with("  wabot ");
            if (is_prose) CHECK(line.size() <= 80);
            begin = end + 1;
        }
    }
}
