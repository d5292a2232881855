#include "cli/help/complete.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.hpp"
#include "cli/framework/command.hpp"
#include "cli/framework/globals.hpp"
#include "cli/framework/parser.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/help/nouns.hpp"
#include "cli/help/topics.hpp"
#include "cli/output/columns.hpp"
#include "cli/output/display.hpp"
#include "core/base/clock.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/base/world.hpp"
#include "core/channels/open_channel.hpp"
#include "core/config/setting.hpp"
#include "core/database/filter.hpp"
#include "core/database/quick_read.hpp"
#include "core/queue/pauses.hpp"

namespace wabot::cli {

namespace {

constexpr Command complete_command{.path = "__complete", .summary = "Complete a line that was begun", .build = nullptr};
constexpr std::size_t candidates_max = 200;
constexpr suseconds_t budget_us = 50'000;

// --- which names fit a word that was begun

bool is_inside_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

/// 0: `text` begins with it; 1: a word in `text` does; nullopt: neither. Both in the same case.
std::optional<int> rank_of(std::string_view text, std::string_view begun) {
    if (text.starts_with(begun)) return 0;
    for (std::size_t at = text.find(begun, 1); at != std::string_view::npos; at = text.find(begun, at + 1))
        if (!is_inside_word(text[at - 1]) && is_inside_word(text[at])) return 1;
    return std::nullopt;
}

/// Collects what fits: what begins with it, or else that in which a word does.
class Fitting {
public:
    explicit Fitting(std::string_view begun) : begun_(fold_case(begun)) {}

    void offer(std::string_view value, std::string_view description) {
        if (const auto rank = rank_of(fold_case(value), begun_)) add(*rank, value, description);
    }
    void offer(const KnownName& name, bool ids_only) {
        const std::string& shown_id = name.id.empty() ? name.word : name.id;
        const std::string beside = fmt::format("{}{}{}", name.word, name.description.empty() ? "" : ", ", name.description);
        if (!ids_only)
            if (const auto rank = rank_of(fold_case(name.word), begun_)) return add(*rank, name.word, name.description);
        if (shown_id.starts_with(begun_)) return add(0, shown_id, name.id.empty() ? name.description : beside);
        const auto rank = rank_of(fold_case(ids_only ? beside : name.description), begun_);
        if (rank) add(1, ids_only ? shown_id : name.word, ids_only && !name.id.empty() ? beside : name.description);
    }
    std::vector<Candidate> taken() && { return std::move(ranked_[ranked_[0].empty() ? 1 : 0]); }

private:
    void add(int rank, std::string_view value, std::string_view description) {
        auto& to = ranked_[rank];
        if (to.size() < candidates_max) to.push_back({std::string(value), std::string(description)});
    }

    std::string begun_;
    std::vector<Candidate> ranked_[2];
};

Completion fitting(std::string_view begun, const std::vector<Candidate>& all) {
    Fitting fits(begun);
    for (const auto& [value, description] : all) fits.offer(value, description);
    return {std::move(fits).taken()};
}

// --- what stands before it

/// A line that is being typed, as far as it says what may come next.
struct OperatorMessage {
    const Parameter* wants = nullptr;  // the option whose value comes next
    std::vector<std::string> arguments;
    std::set<std::string> given;  // names of options
    bool options_ended = false;
    Installation installation;
};

const Parameter* named(const std::vector<const Parameter*>& parameters, std::string_view name) {
    for (const Parameter* p : parameters)
        if (p->name == name) return p;
    return nullptr;
}

const Parameter* with_letter(const std::vector<const Parameter*>& parameters, char letter) {
    for (const Parameter* p : parameters)
        if (!p->short_name.empty() && p->short_name[1] == letter) return p;
    return nullptr;
}

void note_value(OperatorMessage& typed, const Parameter& p, std::string_view value) {
    if (p.name == "--config") typed.installation.config = value;
    if (p.name == "--env-file") typed.installation.env_file = value;
}

void note_option(OperatorMessage& typed, const std::vector<const Parameter*>& parameters, std::string_view word) {
    if (word.starts_with("--")) {
        const std::size_t sign = std::min(word.find('='), word.size());
        const Parameter* p = named(parameters, word.substr(0, sign));
        if (p == nullptr) return;
        typed.given.insert(p->name);
        if (p->is_flag()) return;
        if (sign < word.size()) return note_value(typed, *p, word.substr(sign + 1));
        if (p->otherwise.empty()) typed.wants = p;
        return;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
        const Parameter* p = with_letter(parameters, word[i]);
        if (p == nullptr) return;
        typed.given.insert(p->name);
        if (p->is_flag()) continue;
        if (i + 1 < word.size()) return note_value(typed, *p, word.substr(i + 1));
        typed.wants = p;
    }
}

OperatorMessage read_typed(std::span<const std::string> words, const std::vector<const Parameter*>& parameters) {
    OperatorMessage typed;
    for (const std::string& word : words) {
        if (typed.wants != nullptr) {
            note_value(typed, *typed.wants, word);
            typed.wants = nullptr;
        } else if (typed.options_ended || word.size() < 2 || word[0] != '-') {
            typed.arguments.push_back(word);
        } else if (word == "--") {
            typed.options_ended = true;
        } else {
            note_option(typed, parameters, word);
        }
    }
    return typed;
}

// --- what may come

/// The nouns, or the verbs of one. CommandExit{usage} for a word that is neither.
std::vector<Candidate> command_words(std::span<const std::string> before) {
    std::vector<Candidate> words;
    const Found found = find_command(before, all_commands());
    for (const Command* c : all_commands()) {
        if (found.noun.empty()) {
            const bool known = !words.empty() && words.back().value == c->noun();
            if (!known) words.push_back({std::string(c->noun()), std::string(c->verb().empty() ? c->summary : "")});
            if (!c->verb().empty()) words.back().description += fmt::format("{}{}", known ? ", " : "", c->verb());
        } else if (found.command == nullptr && c->noun() == found.noun) {
            words.push_back({std::string(c->verb()), std::string(c->summary)});
        }
    }
    return words;
}

std::vector<Candidate> help_words(const std::vector<std::string>& before) {
    std::vector<Candidate> words = command_words(before);
    if (before.empty())
        for (const Topic& topic : all_topics()) words.push_back({std::string(topic.name), std::string(topic.summary)});
    return words;
}

/// A list with commas: the last of it is completed, and more may follow.
Completion columns(std::string_view begun, std::string_view command) {
    const std::size_t comma = begun.rfind(',');
    const std::string_view before = comma == std::string_view::npos ? std::string_view() : begun.substr(0, comma + 1);
    Fitting fits(begun.substr(before.size()));
    for (const Column& column : all_columns(fields_shown_by(command)))
        fits.offer(column.name, column.shows_name ? std::string_view() : column.field->note.doc);
    Completion completion{std::move(fits).taken(), Completion::Directive::nospace};
    for (Candidate& candidate : completion.candidates) candidate.value.insert(0, before);
    return completion;
}

/// The names of the machine's time zones: the third column of the table that its IANA database comes with.
std::vector<Candidate> zones() {
    std::vector<Candidate> all{{"UTC", {}}};
    std::ifstream table("/usr/share/zoneinfo/zone.tab");
    for (std::string line; std::getline(table, line);) {
        const std::size_t place = line.find('\t'), name = line.find('\t', place + 1);
        if (line.starts_with('#') || place == std::string::npos || name == std::string::npos) continue;
        const std::size_t end = std::min(line.find('\t', name + 1), line.size());
        all.push_back({line.substr(name + 1, end - name - 1), end < line.size() ? line.substr(end + 1) : std::string()});
    }
    return all;
}

std::vector<Candidate> event_kinds() {
    std::vector<Candidate> all;
    for (const std::string& kind : webhook_kinds()) all.push_back({kind, {}});
    return all;
}

/// A condition begins with a field; what follows is free text.
Completion filter_fields_of(std::string_view begun, std::string_view command) {
    Fitting fits(begun);
    for (const std::string_view name : filter_fields(fields_shown_by(command))) fits.offer(name, {});
    return {std::move(fits).taken(), Completion::Directive::nospace};
}

struct Asked {
    const Command* command;
    const Parameter& parameter;
    const OperatorMessage& typed;
    const KnownObjects& objects;
};

Completion values(const Asked& asked, std::string_view begun) {
    const Parameter& p = asked.parameter;
    if (!p.words.empty()) {
        Fitting fits(begun);
        for (const std::string_view word : p.words) fits.offer(word, {});
        return {std::move(fits).taken()};
    }
    if (p.name == "--tz") return fitting(begun, zones());
    if (p.name == "--filter") return filter_fields_of(begun, asked.command != nullptr ? asked.command->path : "");
    std::vector<Candidate> all;
    switch (p.noun) {
        case Noun::none: return {};
        case Noun::file: return {{}, Completion::Directive::files};
        case Noun::command: return fitting(begun, help_words(asked.typed.arguments));
        case Noun::column: return columns(begun, asked.command != nullptr ? asked.command->path : "");
        case Noun::sort_field:
            for (const Field& field : fields_shown_by(asked.command != nullptr ? asked.command->path : "")) {
                all.push_back({std::string(field.name), std::string(field.note.doc)});
                all.push_back({fmt::format("{}:desc", field.name), {}});
            }
            return fitting(begun, all);
        case Noun::setting:
            for (const Setting& setting : all_settings()) all.push_back({std::string(setting.name), std::string(setting.note.doc)});
            return fitting(begun, all);
        case Noun::event_kind: return fitting(begun, event_kinds());
        case Noun::explained:
            for (const NounRow& row : all_nouns()) all.push_back({std::string(row.noun), std::string(row.doc)});
            all.push_back({"limits", std::string(find_topic("limits")->summary)});
            return fitting(begun, all);
        default: break;
    }
    Fitting fits(begun);
    const bool ids_only = p.value == "ID";
    for (const KnownName& name : asked.objects(p.noun, begun, asked.typed.installation)) {
        const auto& done = asked.typed.arguments;
        if (!p.repeatable || std::find(done.begin(), done.end(), name.word) == done.end()) fits.offer(name, ids_only);
    }
    return {std::move(fits).taken()};
}

Completion options(const std::vector<const Parameter*>& parameters, const OperatorMessage& typed, std::string_view begun) {
    Fitting fits(begun);
    for (const Parameter* p : parameters)
        if (!p->is_argument() && p->name.starts_with(begun) && (p->repeatable || !typed.given.contains(p->name))) fits.offer(p->name, p->doc);
    return {std::move(fits).taken()};
}

const Parameter* argument_at(const std::vector<const Parameter*>& parameters, std::size_t place) {
    const Parameter* last = nullptr;
    for (const Parameter* p : parameters) {
        if (!p->is_argument()) continue;
        if (place == 0) return p;
        --place;
        last = p;
    }
    return last != nullptr && last->repeatable ? last : nullptr;
}

}  // namespace

Completion complete(std::span<const std::string> words, const KnownObjects& objects) {
    if (words.empty()) return {};
    const std::string& begun = words.back();
    const auto before = words.first(words.size() - 1);
    const Found found = find_command(before, all_commands());

    CommandBuilder own, global;
    Globals unused;
    declare_globals(global, unused, found.command != nullptr ? found.command->formats : formats::all);
    const Action keeps_options_alive = found.command != nullptr ? found.command->build(own) : Action{};
    std::vector<const Parameter*> parameters;
    for (const Parameter& p : own.parameters()) parameters.push_back(&p);
    for (const Parameter& p : global.parameters()) parameters.push_back(&p);

    const OperatorMessage typed = read_typed(found.rest, parameters);
    const auto values_of = [&](const Parameter& p, std::string_view of) { return values({found.command, p, typed, objects}, of); };
    if (typed.wants != nullptr) return values_of(*typed.wants, begun);
    if (!typed.options_ended && begun.starts_with("--") && begun.find('=') != std::string::npos) {
        const std::size_t value_at = begun.find('=') + 1;
        const Parameter* p = named(parameters, std::string_view(begun).substr(0, value_at - 1));
        if (p == nullptr || p->is_flag()) return {};
        Completion completion = values_of(*p, std::string_view(begun).substr(value_at));
        for (Candidate& candidate : completion.candidates) candidate.value.insert(0, begun, 0, value_at);
        return completion;
    }
    if (!typed.options_ended && begun.starts_with('-')) return options(parameters, typed, begun);
    if (found.command == nullptr) return typed.options_ended ? Completion{} : fitting(begun, command_words(before));
    const Parameter* argument = argument_at(parameters, typed.arguments.size());
    return argument != nullptr ? values_of(*argument, begun) : Completion{};
}

std::string render(const Completion& completion) {
    std::string out;
    for (const auto& [value, description] : completion.candidates) out += fmt::format("{}\t{}\n", value, escaped_line(description));
    switch (completion.directive) {
        case Completion::Directive::done: return out + ":done\n";
        case Completion::Directive::files: return out + ":files\n";
        case Completion::Directive::nospace: return out + ":nospace\n";
    }
    return out;
}

namespace {

using Names = std::vector<KnownName> (*)(Snapshot&);

Names names_of(Noun noun) {
    switch (noun) {
        case Noun::device: return names::devices;
        case Noun::agent: return names::agents;
        case Noun::conversation: return names::conversations;
        case Noun::message: return names::messages;
        case Noun::template_: return names::templates;
        case Noun::stored_file: return names::files;
        case Noun::ignore: return names::ignore_rules;
        case Noun::event: return names::events;
        case Noun::job: return names::jobs;
        case Noun::audit: return names::audit_entries;
        default: return nullptr;
    }
}

/// Completion must answer within 50 ms: after that the user has typed on.
void end_after_budget() {
    std::signal(SIGALRM, [](int) { _exit(0); });
    const itimerval budget{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = budget_us}};
    setitimer(ITIMER_REAL, &budget, nullptr);
}

void silence_stderr() {
    if (const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

}  // namespace

void answer_completion(std::span<const std::string> line, const Environment& environment, Sink& data) {
    end_after_budget();
    silence_stderr();
    if (!line.empty() && line.front() == "--") line = line.subspan(1);
    const auto look = [&environment](Noun noun, std::string_view begun, const Installation& at) {
        std::vector<KnownName> known;
        const Names names = names_of(noun);
        if (names == nullptr && noun != Noun::contact) return known;
        StringSink unheard;
        Output out({}, unheard, unheard, real_world().clock.now());
        const Globals globals{.config = at.config, .env_file = at.env_file, .config_lenient = true};
        Runtime runtime(globals, environment, complete_command, out);
        quick_read(database_url(runtime.settings()), runtime.world().clock,
                   [&](Snapshot& db) { known = names != nullptr ? names(db) : names::contacts(db, begun); });
        return known;
    };
    try {
        data.write(render(complete(line, look)));
        data.flush();
    } catch (...) {
        data.discard();  // an unknown word, a store that is not there: there is nothing to offer
    }
}

}  // namespace wabot::cli
