#include "cli/help/completion.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/framework/globals.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/help/complete.hpp"
#include "cli/help/completion_shells.hpp"

namespace wabot::cli {

namespace {

/// A line whose completion needs no store, and the answer.
struct KnownLine {
    std::string words;  // before the cursor; " -" after them when an option is begun
    std::string answer;
    bool has_globals = false;  // what every command takes is left out of the answer
};

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> words;
    while (!path.empty()) {
        words.emplace_back(path.substr(0, path.find(' ')));
        path.remove_prefix(std::min(words.back().size() + 1, path.size()));
    }
    return words;
}

/// The flags that every command takes, as the end of each list of flags.
std::string global_flags() {
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);
    Completion flags;
    for (const Parameter& p : globals.parameters()) flags.candidates.push_back({p.name, p.doc});
    return render(flags);
}

void add_known(std::vector<KnownLine>& all, std::string_view before, const std::string& begun) {
    bool asked = false;
    std::vector<std::string> words = split(before);
    words.push_back(begun);
    const Completion completion = complete(words, [&asked](Noun, std::string_view, const Installation&) {
        asked = true;
        return std::vector<KnownName>();
    });
    const bool says_nothing = completion.candidates.empty() && completion.directive == Completion::Directive::done;
    // A list with commas is matched by its last word, which the shells leave to us.
    if (asked || says_nothing || completion.directive == Completion::Directive::nospace) return;
    KnownLine line{.words = std::string(before), .answer = render(completion)};
    if (begun == "-") {
        line.words += " -";
        line.answer.resize(line.answer.size() - global_flags().size());
        line.has_globals = true;
    }
    line.answer.resize(line.answer.size() - std::min<std::size_t>(line.answer.size(), 1));  // the shells end the line
    all.push_back(std::move(line));
}

/// Every noun with nothing after it, and every command with nothing, with an option begun, and after each option that takes a value.
std::vector<KnownLine> known_lines() {
    std::vector<KnownLine> all;
    add_known(all, "", "");
    std::string_view noun;
    for (const Command* command : all_commands()) {
        if (!command->verb().empty() && command->noun() != noun) add_known(all, command->noun(), "");
        noun = command->noun();
        add_known(all, command->path, "");
        add_known(all, command->path, "-");
        CommandBuilder own;
        const Action keeps_options_alive = command->build(own);
        for (const Parameter& p : own.parameters())
            if (!p.is_argument() && !p.is_flag()) add_known(all, fmt::format("{} {}", command->path, p.name), "");
    }
    return all;
}

/// How a shell writes a function that answers what is known.
struct Grammar {
    std::string_view first_line;
    std::string_view globals;  // {} = the text
    std::string_view begin;
    std::string_view entry;       // {} = the words, the answer, and the text of the globals or nothing
    std::string_view globals_of;  // that text
    std::string_view end;
    std::string_view quote;      // ' inside of '...'
    std::string_view backslash;  // the same of a backslash
    std::string_view by_hand;
};

constexpr std::string_view case_globals = "_wabot_globals={}\n\n", case_begin = "_wabot_static() {\n    case $1 in\n",
                           case_entry = "    {}) printf '%s\\n' {}{} ;;\n", case_end = "    *) return 1 ;;\n    esac\n}\n\n",
                           case_globals_of = " \"$_wabot_globals\"", case_quote = "'\\''";

Grammar grammar_of(ShellName shell) {
    switch (shell) {
        case ShellName::bash: return {"", case_globals, case_begin, case_entry, case_globals_of, case_end, case_quote, "\\", bash_completion};
        case ShellName::zsh:
            return {"#compdef wabot\n", case_globals, case_begin, case_entry, case_globals_of, case_end, case_quote, "\\", zsh_completion};
        case ShellName::fish: break;
    }
    return {"",
            "set -g __wabot_globals {}\n\n",
            "function __wabot_static\n    switch \"$argv[1]\"\n",
            "        case {}\n            printf '%s\\n' {}{}\n",
            " \"$__wabot_globals\"",
            "        case '*'\n            return 1\n    end\nend\n\n",
            "\\'",
            "\\\\",
            fish_completion};
}

std::string quoted(std::string_view text, const Grammar& grammar) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += grammar.quote;
        else if (c == '\\')
            out += grammar.backslash;
        else
            out += c;
    }
    return out + "'";
}

}  // namespace

std::string completion_script(ShellName shell) {
    const Grammar grammar = grammar_of(shell);
    std::string globals = global_flags();
    globals.pop_back();
    std::string out(grammar.first_line);
    out += fmt::format("# Completion of wabot for {}. Made from the command table by: wabot completion {}\n\n", to_word(shell), to_word(shell));
    out += fmt::format(fmt::runtime(grammar.globals), quoted(globals, grammar));
    out +=
        "# What may follow these words, as far as it does not depend on what there is: value, tab, description, and a last line that says what "
        "else.\n";
    out += grammar.begin;
    for (const KnownLine& line : known_lines()) {
        const std::string answer = line.answer.empty() ? std::string() : quoted(line.answer, grammar);
        const std::string_view more = !line.has_globals ? "" : answer.empty() ? grammar.globals_of.substr(1) : grammar.globals_of;
        out += fmt::format(fmt::runtime(grammar.entry), quoted(line.words, grammar), answer, more);
    }
    out += grammar.end;
    return out + std::string(grammar.by_hand);
}

namespace {

struct CompletionOptions {
    ShellName shell = ShellName::bash;
    bool install = false;
};

/// Where the shell finds the completions of a user by itself.
std::filesystem::path users_file(ShellName shell, const Environment& environment) {
    const auto folder = [&environment](const char* variable, std::string_view below_home) {
        if (const auto set = environment.find(variable); set != environment.end() && set->second.starts_with('/'))
            return std::filesystem::path(set->second);
        const auto home = environment.find("HOME");
        if (home == environment.end() || home->second.empty())
            throw Error(Errc::invalid, fmt::format("neither {} nor HOME is set", variable), "print the script and put it where you want it");
        return std::filesystem::path(home->second) / below_home;
    };
    switch (shell) {
        case ShellName::bash: return folder("XDG_DATA_HOME", ".local/share") / "bash-completion/completions/wabot";
        case ShellName::zsh: return folder("XDG_DATA_HOME", ".local/share") / "zsh/site-functions/_wabot";
        case ShellName::fish: return folder("XDG_CONFIG_HOME", ".config") / "fish/completions/wabot.fish";
    }
    return {};
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_whole(const std::filesystem::path& file, const std::string& text) {
    std::error_code failed;
    std::filesystem::create_directories(file.parent_path(), failed);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw Error(Errc::unavailable, fmt::format("{} cannot be written", file.string()));
}

void completion(Runtime& rt, const CompletionOptions& options) {
    const std::string script = completion_script(options.shell);
    if (!options.install) return rt.out().document(Json{{"script", script}}, script);
    const std::filesystem::path file = users_file(options.shell, rt.environment());
    const bool changed = text_of(file) != script;
    if (changed && !rt.dry_run()) write_whole(file, script);
    rt.out().did(changed, "{} {}", changed ? "wrote" : "up to date:", file.string());
    if (options.shell == ShellName::zsh)
        rt.out().say("zsh looks there when ~/.zshrc has: fpath=({} $fpath); autoload -U compinit; compinit", file.parent_path().string());
}

}  // namespace

std::span<const Command> completion_commands() {
    static const Command table[] = {
        // namespace
        {.path = "completion",
         .summary = "Print a completion script for a shell: commands, flags and names of objects",
         .effect = Effect::writes,
         .formats = formats::document,
         .examples = {{"wabot completion bash --install", "for your user; prints the file name"},
                      {"wabot completion zsh >/usr/local/share/zsh/site-functions/_wabot", "for all users"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<CompletionOptions>();
             cmd.argument("shell", opts->shell, "The shell").required();
             cmd.flag("--install", opts->install, "Write the script to your user's completion folder");
             return [opts](Runtime& rt) { completion(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
