#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/commands/agent_test/dry_run.hpp"
#include "cli/framework/lookup.hpp"
#include "core/agents/agents.hpp"
#include "core/base/strict_json.hpp"

namespace wabot::cli {

namespace {

struct AgentTestOptions {
    std::string agent;
    std::vector<std::string> texts;
    std::optional<std::string> cases;
    std::optional<std::string> from;
    bool why = false;
};

/// A line of a file of cases: {"text": "hi", "reply": "Hello!", "rule": 1}; `reply` null expects silence, without either nothing is expected.
struct Case {
    std::optional<std::string> text;
    Json expected;
};

/// Error{invalid} without the place.
Case read_case(std::string_view line) {
    const auto demand = [](bool is_right, const std::string& why) {
        if (!is_right) throw Error(Errc::invalid, why);
    };
    const Json json = read_strict_json(line);
    demand(json.is_object(), "a case is an object");
    for (const auto& [name, value] : json.items()) {
        demand(name == "text" || name == "reply" || name == "rule",
               fmt::format("\"{}\" is not known; a case has \"text\", \"reply\" and \"rule\"", name));
        if (name == "rule")
            demand(value.is_null() || (value.is_number_integer() && value > 0), "\"rule\" must be the number of a rule or null");
        else
            demand(value.is_null() || value.is_string(), fmt::format("\"{}\" must be a text or null", name));
    }
    demand(json.contains("text"), "\"text\" is missing");
    Case made{.expected = json};
    if (json["text"].is_string()) made.text = json["text"].get<std::string>();
    return made;
}

std::vector<Case> read_cases(const std::string& file) {
    constexpr std::size_t cases_size_max = 16 * 1024 * 1024;
    constexpr std::string_view form = R"(a line is {"text": "hi", "reply": "Hello!"})";
    const std::string content = read_input(file, cases_size_max);
    std::vector<Case> cases;
    std::size_t number = 0;
    for (std::string_view rest = content; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        try {
            cases.push_back(read_case(line));
        } catch (const Error& error) {
            throw Error(Errc::invalid, fmt::format("{}:{}: {}", file, number, error.what()), std::string(form));
        }
    }
    if (cases.empty()) throw Error(Errc::invalid, fmt::format("{}: holds no case", file), std::string(form));
    return cases;
}

std::optional<bool> verdict(const DryRunResult& result, const Json& expected) {
    const auto agrees = [&](const char* name, const Json& actual) { return !expected.contains(name) || expected[name] == actual; };
    if (!expected.is_object() || (!expected.contains("reply") && !expected.contains("rule"))) return std::nullopt;
    return agrees("reply", result.out ? Json(*result.out) : Json(nullptr)) && agrees("rule", result.rule ? Json(*result.rule) : Json(nullptr));
}

/// Every step on the way to each answer instead of the answers.
void explain_answer(Runtime& rt, const AgentDryRun& dry_run, const std::vector<Case>& cases) {
    ListWriter& list = rt.out().list<DryRunStep>("step");
    for (const Case& one : cases)
        for (const DryRunStep& step : dry_run.explain(one.text)) list.add(step);
    list.end({});
}

void agent_test(Runtime& rt, const AgentTestOptions& opts) {
    if (opts.texts.empty() == !opts.cases) usage_error("agent test takes --text or --file", "see --help");
    std::vector<Case> cases;
    for (const std::string& text : opts.texts) cases.push_back({text, {}});
    if (opts.cases) cases = read_cases(*opts.cases);

    const Agent agent = rt.read([&](Snapshot& db) { return agents::get(db, opts.agent); });
    const AgentDryRun dry_run(agent, writing_contact(rt, opts.from));
    if (opts.why) return explain_answer(rt, dry_run, cases);
    ListWriter& list = rt.out().list<DryRunResult>("result");
    std::size_t failed = 0;
    for (const Case& one : cases) {
        DryRunResult result = dry_run.answer(one.text);
        result.passed = verdict(result, one.expected);
        failed += result.passed == false ? 1 : 0;
        list.add(result);
    }
    list.end({});
    if (failed == 0) return;
    rt.out().say("{} of {} cases failed", failed, cases.size());
    throw CommandExit(Exit::differs);
}

}  // namespace

std::span<const Command> agent_test_commands() {
    static const Command table[] = {
        // namespace
        {.path = "agent test",
         .summary = "Test an agent without sending anything; exit 10 when a case fails",
         .formats = formats::nameless,
         .examples = {{"wabot agent test faq --text \"are you open?\"", "shows the rule and the reply"},
                      {"wabot agent test faq --file cases.jsonl", "a file of {\"text\", \"reply\"} lines"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentTestOptions>();
             cmd.argument("agent", opts->agent, "Key or id").required().completes(Noun::agent);
             cmd.option("--text", opts->texts, "Text of the message").shown_as("TEXT");
             cmd.option("-f,--file", opts->cases, R"(File of {"text", "reply", "rule"} lines; -: stdin)").shown_as("FILE").completes(Noun::file);
             cmd.option("--from", opts->from, "Author: a contact's id or number").shown_as("CONTACT").completes(Noun::contact);
             cmd.flag("--why", opts->why, "Show for each rule why it matched or not");
             return [opts](Runtime& rt) { agent_test(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
