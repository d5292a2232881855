#include "cli/framework/parser.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <CLI/CLI.hpp>

#include "core/base/text.hpp"

namespace wabot::cli {

namespace {

bool is_option(const std::string& word) {
    return word.size() > 1 && word[0] == '-';
}

/// Whether `word`, before any command is known, is a global option whose value is the next word.
bool takes_next(const std::string& word, const std::deque<Parameter>& globals) {
    for (const Parameter& p : globals) {
        if (p.is_flag()) continue;
        const bool ends_cluster = word.size() >= 2 && word[1] != '-' && !p.short_name.empty() && word.back() == p.short_name[1];
        if (word == p.name || ends_cluster) return true;
    }
    return false;
}

[[noreturn]] void unknown_word(std::string_view kind, std::string_view word, std::vector<std::string_view> known, std::string hint) {
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    const std::string suggestion = did_you_mean(word, known);
    usage_error(fmt::format("unknown {} \"{}\"{}{}", kind, word, suggestion.empty() ? "" : "; ", suggestion), std::move(hint));
}

/// The singular noun that `word` names; a plural counts where there is something to list.
std::string noun_of(std::string_view word, std::span<const Command* const> commands) {
    std::vector<std::string_view> nouns;
    for (const Command* c : commands) {
        nouns.push_back(c->noun());
        const bool plural = c->verb() == "list" && word == std::string(c->noun()) + "s";
        if (word == c->noun() || plural) return std::string(c->noun());
    }
    unknown_word("command", word, std::move(nouns), "wabot --help lists the commands");
}

const Command& command_of(const std::string& noun, std::string_view verb, std::span<const Command* const> commands) {
    std::vector<std::string_view> verbs;
    for (const Command* c : commands) {
        if (c->noun() != noun) continue;
        if (c->verb() == verb) return *c;
        verbs.push_back(c->verb());
    }
    unknown_word(noun + " command", verb, std::move(verbs), fmt::format("wabot {} --help lists them", noun));
}

/// The line with a value for each option that has one: `--name=` becomes `--name` and an empty word, which CLI11 would drop, and `--wait` gets the
/// value it has when none is given.
std::vector<std::string> with_all_values(std::span<const std::string> line, const std::vector<Parameter*>& parameters) {
    std::vector<std::string> out;
    bool options = true;
    for (const std::string& word : line) {
        options = options && word != "--";
        const bool empty_value = options && word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
        out.push_back(empty_value ? word.substr(0, word.size() - 1) : word);
        if (empty_value) out.emplace_back();
        if (!options) continue;
        for (const Parameter* p : parameters)
            if (!p->otherwise.empty() && p->name == word) out.back() += "=" + p->otherwise;
    }
    return out;
}

CLI::Option* add_to(CLI::App& app, const Parameter& p) {
    const std::string names = p.short_name.empty() ? p.name : p.short_name + "," + p.name;
    CLI::Option* option = p.is_flag() ? app.add_flag(names)->disable_flag_override() : app.add_option(names);
    if (!p.is_flag()) option->expected(p.is_argument() && p.repeatable ? -1 : 1);
    return option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void strip_noun(const Parameter& p, std::string& word) {
    const std::string prefix = std::string(word_of(p.noun)) + "/";
    if (p.noun == Noun::none || p.noun == Noun::file || !word.starts_with(prefix)) return;
    // A job's own id has such a form: job/3 stays, job/send/81 is send/81.
    if (p.noun == Noun::job && word.find('/', prefix.size()) == std::string::npos) return;
    word.erase(0, prefix.size());
}

void check_words(const Parameter& p, const std::string& word) {
    if (p.words.empty() || std::find(p.words.begin(), p.words.end(), word) != p.words.end()) return;
    const std::string suggestion = did_you_mean(word, p.words);
    usage_error(fmt::format("{} \"{}\" is not known{}{}", p.name, word, suggestion.empty() ? "" : "; ", suggestion),
                fmt::format("one of {}", fmt::join(p.words, ", ")), p.name);
}

void give(Parameter& p, std::vector<std::string> values) {
    if (values.size() > 1 && !p.repeatable) usage_error(fmt::format("{} is given twice", p.name), {}, p.name);
    for (std::string& word : values) {
        strip_noun(p, word);
        check_words(p, word);
    }
    p.take(std::move(values));
}

[[noreturn]] void refuse_rest(const std::string& word, const std::vector<Parameter*>& parameters) {
    if (!is_option(word)) usage_error(fmt::format("unexpected argument \"{}\"", word), "see --help");
    std::vector<std::string_view> names;
    for (const Parameter* p : parameters)
        if (!p->is_argument()) names.push_back(p->name);
    unknown_word("option", std::string_view(word).substr(0, word.find('=')), std::move(names), "see --help");
}

}  // namespace

Found find_command(std::span<const std::string> line, std::span<const Command* const> commands) {
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);

    // The first word from `at` on that is neither an option nor the value of one.
    const auto next_word = [&](std::size_t at) {
        while (at < line.size() && line[at] != "--" && is_option(line[at])) at += takes_next(line[at], globals.parameters()) ? 2 : 1;
        return at >= line.size() || line[at] == "--" ? line.size() : at;
    };
    const auto without = [](std::vector<std::string> words, std::size_t at) {
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
        return words;
    };

    Found found{.rest = {line.begin(), line.end()}};
    const std::size_t noun_at = next_word(0);
    if (noun_at == line.size()) return found;
    found.noun = noun_of(line[noun_at], commands);
    for (const Command* c : commands)
        if (c->path == found.noun) found.command = c;
    const std::size_t verb_at = found.command == nullptr ? next_word(noun_at + 1) : line.size();
    if (verb_at < line.size()) {
        found.command = &command_of(found.noun, line[verb_at], commands);
        found.rest = without(std::move(found.rest), verb_at);
    }
    found.rest = without(std::move(found.rest), noun_at);
    return found;
}

void parse_line(std::span<const std::string> line, CommandBuilder& own, CommandBuilder& globals, bool& help_asked) {
    std::vector<Parameter*> parameters;
    for (Parameter& p : own.parameters()) parameters.push_back(&p);
    for (Parameter& p : globals.parameters()) parameters.push_back(&p);

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<CLI::Option*> options;
    for (const Parameter* p : parameters) options.push_back(add_to(app, *p));
    try {
        std::vector<std::string> words = with_all_values(line, parameters);
        std::reverse(words.begin(), words.end());  // CLI11 reads from the back
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        usage_error(error.what(), "see --help");
    }

    for (const std::string& word : app.remaining())
        if (word != "--") refuse_rest(word, parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (options[i]->count() > 0) give(*parameters[i], options[i]->results());
    if (help_asked) return;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const Parameter& p = *parameters[i];
        if (p.required && options[i]->count() == 0)
            usage_error(fmt::format("{} is missing", p.is_argument() ? p.value : p.name), fmt::format("{}; see --help", p.doc), p.name);
    }
}

ErrorForm error_form(std::span<const std::string> line, const Lookup& environment) {
    std::string format = environment("WABOT_OUTPUT").value_or("");
    for (std::size_t i = 0; i < line.size() && line[i] != "--"; ++i) {
        const std::string& word = line[i];
        if (word == "-o" || word == "--output")
            format = i + 1 < line.size() ? line[i + 1] : "";
        else if (word.starts_with("--output="))
            format = word.substr(9);
        else if (word.starts_with("-o"))
            format = word.substr(2);
    }
    const auto known = from_word<OutputFormat>(format);
    return known && is_structured(*known) ? ErrorForm::json : ErrorForm::human;
}

}  // namespace wabot::cli
