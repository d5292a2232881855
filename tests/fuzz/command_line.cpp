#include "cli/framework/globals.hpp"
#include "cli/framework/parser.hpp"
#include "core/base/ids.hpp"
#include "core/config/config_files.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

using namespace cli;

struct Kinds {
    std::string name;
    std::vector<std::string> words;
    std::optional<std::uint16_t> number;
    std::optional<std::chrono::milliseconds> duration;
    std::optional<OutputFormat> form;
    std::vector<std::pair<std::string, std::string>> pairs;
    std::optional<ContactId> contact;
    bool flag = false;
};

/// Whatever an option may be; the action is never run.
Action declare_all(CommandBuilder& builder) {
    static Kinds kinds;
    kinds = {};
    builder.argument("device", kinds.name, "A name").required().completes(Noun::device);
    builder.argument("word", kinds.words, "Words").repeatable();
    builder.option("-k,--number", kinds.number, "A number");
    builder.option("--duration", kinds.duration, "A duration");
    builder.option("--form", kinds.form, "A word of a list");
    builder.option("--pair", kinds.pairs, "Pairs").shown_as("K=V");
    builder.option("--contact", kinds.contact, "An id").completes(Noun::contact);
    builder.flag("--flag", kinds.flag, "A flag");
    return {};
}
Action declare_nothing(CommandBuilder&) {
    return {};
}

const Command list{.path = "pet list", .build = declare_nothing};
const Command create{.path = "pet create", .build = declare_all};
const Command walk{.path = "walk", .effect = Effect::writes, .formats = formats::document, .build = declare_all};
const Command* const table[] = {&list, &create, &walk};

}  // namespace

/// A word a line; those with a sign of equality before the first other are the environment.
void command_line(std::string_view input) {
    Environment environment;
    std::vector<std::string> words;
    while (!input.empty()) {
        std::string_view line = take_until(input, '\n');
        if (words.empty() && line.starts_with("WABOT_")) {
            const std::string name(take_until(line, '='));
            environment[name] = line;
        } else {
            words.emplace_back(line);
        }
    }
    const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    try {
        error_form(words, lookup);
        const Found found = find_command(words, table);
        require(found.command == nullptr || found.rest.size() < words.size(), "a command takes its words");
        Globals globals;
        CommandBuilder own, global;
        declare_globals(global, globals);
        if (found.command != nullptr) found.command->build(own);
        parse_line(found.rest, own, global, globals.help);
        add_environment(globals, lookup);
        if (found.command != nullptr) output_options(globals, *found.command, lookup);
    } catch (const CommandExit& end) {
        require(end.exit() == Exit::usage && !end.message().empty(), "a wrong line is wrong usage, in words");
    }
}

}  // namespace wabot::fuzz
