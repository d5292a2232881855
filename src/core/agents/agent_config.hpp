#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/json.hpp"

namespace wabot {

/// "Who writes something like `pattern` gets `response`."
struct AnswerRule {
    std::string pattern;
    std::string response;
    bool operator==(const AnswerRule&) const = default;
};

/// The `config` of a rule-based agent.
struct AgentConfig {
    std::vector<AnswerRule> rules;              // tried in order, the first match wins
    std::optional<std::string> fallback;        // the reply when no rule matched, media without words included; none = silence
    std::vector<std::string> trigger_keywords;  // one of them must be in the text; empty = none is needed
    std::vector<ContactId> allowed_contacts;    // empty = everybody
    bool ignore_groups = false;
    bool quote = false;  // the reply quotes the message it answers
    bool operator==(const AgentConfig&) const = default;
};

namespace agents {

/// One field of the configuration: what documentation and schemas are made of.
struct ConfigField {
    std::string_view name;
    std::string_view doc;
    void (*take)(AgentConfig& config, const Json& json, std::string_view where, std::vector<Fault>& faults);
    Json (*put)(const AgentConfig& config);
};
std::vector<ConfigField> config_fields();

/// Faults name their place: `rules[3].pattern`.
AgentConfig read_config(const Json& json, std::vector<Fault>& faults);
/// Error{invalid} with the faults.
AgentConfig read_config(const JsonText& text);
JsonText write_config(const AgentConfig& config);
/// What read_config also checks: limits, and that each pattern compiles.
void check_config(const AgentConfig& config, std::vector<Fault>& faults);

/// The rules of a file: a JSON array of {"pattern", "response"}. Error{invalid} names `file`, and the line where that can be told.
std::vector<AnswerRule> read_rules(std::string_view text, std::string_view file);
/// The first rule, counted from 0, that answers whatever is written, its own response too: of two such agents each keeps the other going.
std::optional<std::size_t> endless_rule(const std::vector<AnswerRule>& rules);

}  // namespace agents

}  // namespace wabot
