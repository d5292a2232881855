#include "cli/help/help.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/framework/globals.hpp"
#include "cli/framework/parser.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/help/text_wrap.hpp"
#include "cli/help/topics.hpp"
#include "cli/output/display.hpp"
#include "core/base/text.hpp"

namespace wabot::cli {

namespace {

std::string term_of(const Parameter& p) {
    if (p.is_argument()) return p.value;
    const std::string names = p.short_name.empty() ? p.name : p.short_name + ", " + p.name;
    if (!p.otherwise.empty()) return fmt::format("{}[={}]", names, p.value);
    return p.is_flag() ? names : names + " " + p.value;
}

std::string text_of(const Parameter& p) {
    constexpr std::size_t words_max = 8;
    std::string text = p.doc;
    const auto words = std::span(p.words).first(std::min(p.words.size(), words_max));
    if (!words.empty()) text += fmt::format(": {}{}", fmt::join(words, ", "), words.size() < p.words.size() ? ", ..." : "");
    if (p.required && !p.is_argument()) text += " (required)";
    if (p.repeatable && !p.is_flag()) text += " (repeatable)";
    return text;
}

std::string usage_of(const Command& command, const std::deque<Parameter>& parameters) {
    std::string usage = fmt::format("wabot {}", command.path);
    bool more = false;
    for (const Parameter& p : parameters) {
        if (!p.is_argument() && !p.required)
            more = true;
        else if (!p.is_argument())
            usage += fmt::format(" {} {}", p.name, p.value);
        else
            usage += fmt::format(fmt::runtime(p.required ? " {}{}" : " [{}{}]"), p.value, p.repeatable ? "..." : "");
    }
    return more ? usage + " [FLAGS]" : usage;
}

std::vector<Line> arguments_of(const std::deque<Parameter>& parameters) {
    std::vector<Line> lines;
    for (const Parameter& p : parameters)
        if (p.is_argument()) lines.push_back({term_of(p), text_of(p)});
    return lines;
}

/// Every flag with what it does, those of a group under its title: the groups in the order in which they begin, what has none first.
std::string flags_text(const std::deque<Parameter>& parameters, std::size_t width) {
    std::vector<std::string_view> titles = {{}};
    for (const Parameter& p : parameters)
        if (std::find(titles.begin(), titles.end(), p.group) == titles.end()) titles.push_back(p.group);
    std::string text;
    for (const std::string_view title : titles) {
        std::vector<Line> lines;
        for (const Parameter& p : parameters)
            if (!p.is_argument() && p.group == title) lines.push_back({term_of(p), text_of(p)});
        text += two_columns(title.empty() ? "Flags" : title, lines, width);
    }
    return text;
}

/// The man page that says all of a command.
std::string page_of(const Command& command) {
    const bool is_service = command.effect == Effect::runs && (command.path == "serve" || command.path == "worker");
    return fmt::format("{}wabot-{}", is_service ? "8 " : "", command.noun());
}

/// CommandExit{usage} for what is nearer to a topic than to a command.
void refuse_unknown(const std::string& word, std::span<const Command* const> commands) {
    std::vector<std::string_view> known;
    for (const Command* c : commands) known.push_back(c->noun());
    const bool is_command =
        std::any_of(known.begin(), known.end(), [&](std::string_view noun) { return word == noun || word == std::string(noun) + "s"; });
    for (const Topic& topic : all_topics()) known.push_back(topic.name);
    const auto near = is_command ? std::nullopt : closest(word, known);
    if (near && find_topic(*near) != nullptr)
        usage_error(fmt::format("unknown command or topic \"{}\"; did you mean \"{}\"?", word, *near), "wabot help lists them");
}

}  // namespace

std::string command_help(const Command& command, std::size_t width) {
    CommandBuilder builder;
    const Action keeps_options_alive = command.build(builder);
    std::string out =
        fmt::format("{}\n\nUsage: {}\n", wrapped(command.summary, 0, width), wrapped(usage_of(command, builder.parameters()), 7, width));
    out += "\nExamples:\n";
    for (const Example& example : command.examples)
        if (!example.line.empty()) out += fmt::format("  # {}\n  {}\n", example.purpose, example.line);
    out += two_columns("Arguments", arguments_of(builder.parameters()), width);
    out += flags_text(builder.parameters(), width);
    return out + fmt::format("\nFlags of every command: wabot help global-flags. More: man {}\n", page_of(command));
}

std::string global_flags_help(std::size_t width) {
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);
    return flags_text(globals.parameters(), width);
}

std::string noun_help(std::string_view noun, std::span<const Command* const> commands, std::size_t width) {
    std::vector<Line> lines;
    for (const Command* c : commands)
        if (c->noun() == noun) lines.push_back({std::string(c->verb()), std::string(c->summary)});
    const auto command = std::find_if(commands.begin(), commands.end(), [&](const Command* c) { return c->noun() == noun; });
    return fmt::format("Usage: wabot {} COMMAND [ARGUMENTS] [FLAGS]\n", noun) + two_columns("Commands", lines, width) +
           fmt::format("\nwabot {} COMMAND --help and man {} explain the commands.\n", noun, page_of(**command));
}

std::span<const CommandGroup> command_groups() {
    static constexpr CommandGroup table[] = {
        {"Set up", {"init", "doctor", "config", "migrate"}},
        {"Run", {"serve", "worker"}},
        {"Accounts", {"device", "template"}},
        {"Agents", {"agent", "ignore", "chat"}},
        {"People", {"contact", "conversation", "message", "file"}},
        {"Webhooks", {"event", "listen", "trigger"}},
        {"Operate", {"tail", "queue", "job", "retention", "audit"}},
        {"Learn", {"help", "explain", "completion", "version"}},
    };
    return table;
}

std::string overview(std::size_t width) {
    std::vector<Line> groups;
    for (const CommandGroup& group : command_groups()) {
        const auto end = std::find(std::begin(group.nouns), std::end(group.nouns), std::string_view());
        groups.push_back({std::string(group.title), fmt::format("{}", fmt::join(std::begin(group.nouns), end, ", "))});
    }
    std::vector<std::string_view> topics;
    for (const Topic& topic : all_topics()) topics.push_back(topic.name);
    return "wabot receives messages, lets an agent answer them, and sends the answers back.\n\nUsage: wabot COMMAND [ARGUMENTS] [FLAGS]\n" +
           two_columns("Commands", groups, width) +
           fmt::format("\nTopics, by wabot help TOPIC:\n  {}\n", wrapped(fmt::format("{}", fmt::join(topics, ", ")), 2, width)) +
           fmt::format("\n{}\n", wrapped("wabot COMMAND --help explains a command; wabot init --dir demo --demo creates a demo installation.", 0, width));
}

std::string help_on(std::span<const std::string> words, std::size_t width) {
    const auto commands = all_commands();
    const Topic* topic = words.size() == 1 ? find_topic(words.front()) : nullptr;
    if (topic != nullptr) {
        const bool is_noun = std::any_of(commands.begin(), commands.end(), [&](const Command* c) { return c->noun() == topic->name; });
        return topic->text(width) + (is_noun ? "\n" + noun_help(topic->name, commands, width) : "");
    }
    if (words.size() == 1) refuse_unknown(words.front(), commands);
    const Found found = find_command(words, commands);
    if (found.command != nullptr) return command_help(*found.command, width);
    return found.noun.empty() ? overview(width) : noun_help(found.noun, commands, width);
}

namespace {

struct HelpOptions {
    std::vector<std::string> words;
};

void help(Runtime& rt, const HelpOptions& options) {
    const std::string text = help_on(options.words, rt.out().options().out.width);
    rt.out().document(Json{{"help", text}}, text);
}

}  // namespace

std::span<const Command> help_commands() {
    static const Command table[] = {
        // namespace
        {.path = "help",
         .summary = "Explain a command or a topic",
         .formats = formats::document,
         .examples = {{"wabot help device create", "what the command takes"}, {"wabot help exit-codes", "a topic"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<HelpOptions>();
             cmd.argument("command", opts->words, "Command, or topic").completes(Noun::command);
             return [opts](Runtime& rt) { help(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
