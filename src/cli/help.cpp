#include "cli/help.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/globals.hpp"
#include "cli/output/display.hpp"
#include "cli/parser.hpp"
#include "cli/runtime.hpp"

namespace wabot::cli {

namespace {

/// Pieces with `gap` between them, wrapped; later lines are indented.
std::string flowed(const std::vector<std::string_view>& pieces, std::string_view gap, std::size_t indent, std::size_t width) {
    std::string out;
    std::size_t column = indent;
    for (const std::string_view piece : pieces) {
        const std::size_t cells = cells_of(piece);
        const bool first = column == indent;
        const bool fits = column + gap.size() + cells <= width;
        if (!first) out += fits ? std::string(gap) : "\n" + std::string(indent, ' ');
        column = (first || !fits ? indent : column + gap.size()) + cells;
        out += piece;
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, blank));
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return flowed(words, " ", indent, width);
}

struct Line {
    std::string term;
    std::string text;
};

std::string rendered(std::string_view title, const std::vector<Line>& lines, std::size_t width) {
    constexpr std::size_t column_max = 28;
    if (lines.empty()) return {};
    std::size_t column = 0;
    for (const Line& line : lines)
        if (line.term.size() < column_max) column = std::max(column, line.term.size());
    std::string out = fmt::format("\n{}:\n", title);
    for (const auto& [term, text] : lines) {
        out += fmt::format("  {:<{}}", term, column);
        out += term.size() > column ? fmt::format("\n{:{}}", "", column + 4) : "  ";
        out += wrapped(text, column + 4, width) + "\n";
    }
    return out;
}

std::string term_of(const Parameter& p) {
    if (p.is_argument()) return p.value;
    const std::string names = p.short_name.empty() ? p.name : p.short_name + ", " + p.name;
    return p.is_flag() ? names : names + " " + p.value;
}

std::string text_of(const Parameter& p) {
    std::string text = p.doc;
    if (!p.words.empty()) text += fmt::format(": {}", fmt::join(p.words, ", "));
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

std::string globals_in_brief(Formats formats, std::size_t width) {
    Globals unused;
    CommandBuilder builder;
    declare_globals(builder, unused, formats);
    std::vector<std::string> terms;
    for (const Parameter& p : builder.parameters()) {
        const std::string name = p.short_name.empty() ? p.name : p.short_name;
        terms.push_back(p.is_flag() ? name : name + " " + (p.words.empty() ? p.value : fmt::format("{}", fmt::join(p.words, "|"))));
    }
    return fmt::format("\nGlobal flags, anywhere before --; wabot --help explains them:\n  {}\n",
                       flowed({terms.begin(), terms.end()}, "  ", 2, width));
}

}  // namespace

std::string command_help(const Command& command, std::size_t width) {
    CommandBuilder builder;
    const Action keeps_options_alive = command.build(builder);
    std::string out = fmt::format("{}\n\nUsage: {}\n", command.summary, usage_of(command, builder.parameters()));
    out += rendered("Arguments", lines_of(builder.parameters(), true), width);
    out += rendered("Flags", lines_of(builder.parameters(), false), width);
    out += "\nExamples:\n";
    for (const Example& example : command.examples)
        if (!example.line.empty()) out += fmt::format("  # {}\n  {}\n", example.purpose, example.line);
    return out + globals_in_brief(command.formats, width);
}

std::string noun_help(std::string_view noun, std::span<const Command* const> commands, std::size_t width) {
    std::vector<Line> lines;
    for (const Command* c : commands)
        if (c->noun() == noun) lines.push_back({std::string(c->verb()), std::string(c->summary)});
    return fmt::format("Usage: wabot {} COMMAND [ARGUMENTS] [FLAGS]\n", noun) + rendered("Commands", lines, width) +
           fmt::format("\nwabot {} COMMAND --help says more.\n", noun);
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
    return "wabot receives messages, lets an agent answer them, and sends the answers back.\n\nUsage: wabot COMMAND [ARGUMENTS] [FLAGS]\n" +
           rendered("Commands", lines, width) + rendered("Global flags", lines_of(globals.parameters(), false), width) +
           "\nwabot COMMAND --help says more; wabot init --dir demo --demo makes a place to try things in.\n";
}

std::string help_on(std::span<const std::string> words, std::size_t width) {
    const auto commands = all_commands();
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

const Command help_command{.path = "help",
                           .summary = "Explain a command",
                           .formats = formats::document,
                           .examples = {{"wabot help device create", "what the command takes"}, {"wabot help", "every command"}},
                           .build = [](CommandBuilder& cmd) -> Action {
                               auto opts = cmd.options<HelpOptions>();
                               cmd.argument("command", opts->words, "Words of the command").completes(Noun::command);
                               return [opts](Runtime& rt) { help(rt, *opts); };
                           }};

}  // namespace wabot::cli
