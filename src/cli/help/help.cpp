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

std::vector<Line> lines_of(const std::deque<Parameter>& parameters, bool arguments) {
    std::vector<Line> lines;
    for (const Parameter& p : parameters)
        if (p.is_argument() == arguments) lines.push_back({term_of(p), text_of(p)});
    return lines;
}

/// The flags, with what they do as far as `lines_max` lines go, of the rest only the names: a screen is read, a long page is not.
std::string flags_text(const std::deque<Parameter>& parameters, std::size_t lines_max, std::size_t width) {
    const std::vector<Line> flags = lines_of(parameters, false);
    std::vector<std::string_view> names;
    for (const Parameter& p : parameters)
        if (!p.is_argument()) names.push_back(p.name);
    const auto height = [](const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); };
    std::string text = two_columns("Flags", flags, width);
    for (std::size_t shown = flags.size(); height(text) > lines_max && shown > 0;) {
        --shown;
        const std::vector others(names.begin() + static_cast<std::ptrdiff_t>(shown), names.end());
        text = two_columns("Flags", {flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(shown)}, width) +
               fmt::format("\nMore flags:\n  {}\n", wrap_pieces(others, "  ", 2, width));
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
    out += two_columns("Arguments", lines_of(builder.parameters(), true), width);
    constexpr std::size_t screen_height = 24, lines_around = 3;  // the last line, an empty one before it, the prompt
    const auto used = static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) + lines_around;
    out += flags_text(builder.parameters(), used < screen_height ? screen_height - used : 0, width);
    return out + fmt::format("\nFlags of every command: wabot --help. More: man {}\n", page_of(command));
}

std::string noun_help(std::string_view noun, std::span<const Command* const> commands, std::size_t width) {
    std::vector<Line> lines;
    for (const Command* c : commands)
        if (c->noun() == noun) lines.push_back({std::string(c->verb()), std::string(c->summary)});
    const auto command = std::find_if(commands.begin(), commands.end(), [&](const Command* c) { return c->noun() == noun; });
    return fmt::format("Usage: wabot {} COMMAND [ARGUMENTS] [FLAGS]\n", noun) + two_columns("Commands", lines, width) +
           fmt::format("\nwabot {} COMMAND --help and man {} explain the commands.\n", noun, page_of(**command));
}

std::string overview(std::span<const Command* const> commands, std::size_t width) {
    std::vector<Line> lines;
    for (const Command* c : commands) {
        if (c->verb().empty()) {
            lines.push_back({std::string(c->path), std::string(c->summary)});
            continue;
        }
        if (lines.empty() || lines.back().term != c->noun()) lines.push_back({std::string(c->noun()), {}});
        std::string& verbs = lines.back().text;
        verbs += fmt::format("{}{}", verbs.empty() ? "" : ", ", c->verb());
    }
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);
    std::vector<Line> topics;
    for (const Topic& topic : all_topics()) topics.push_back({std::string(topic.name), std::string(topic.summary)});
    return "wabot receives messages, lets an agent answer them, and sends the answers back.\n\nUsage: wabot COMMAND [ARGUMENTS] [FLAGS]\n" +
           two_columns("Commands", lines, width) + two_columns("Topics, by wabot help TOPIC", topics, width) +
           two_columns("Global flags", lines_of(globals.parameters(), false), width) +
           "\nwabot COMMAND --help explains a command; wabot init --dir demo --demo creates a demo installation.\n";
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
    return found.noun.empty() ? overview(commands, width) : noun_help(found.noun, commands, width);
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
