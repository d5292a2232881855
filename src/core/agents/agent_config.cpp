#include "core/agents/agent_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/object_ref.hpp"
#include "core/base/pattern.hpp"
#include "core/base/strict_json.hpp"
#include "core/base/text.hpp"

namespace wabot::agents {

namespace {

constexpr std::size_t rules_max = 1000;
constexpr std::size_t response_max = 4096;  // what one WhatsApp text carries
constexpr std::size_t keywords_max = 100;
constexpr std::size_t contacts_max = 10'000;

using Faults = std::vector<Fault>;

void refuse(Faults& faults, std::string where, std::string message, std::string kind = "type") {
    constexpr std::size_t told_max = 50;
    if (faults.size() < told_max) faults.push_back({std::move(where), std::move(message), std::move(kind)});
}

std::string refuse_unknown(std::string_view name, std::span<const std::string_view> known) {
    const std::string near = did_you_mean(name, known);
    return near.empty() ? fmt::format("is no field; there are {}", fmt::join(known, ", ")) : "is no field; " + near;
}

bool take_text(std::string& out, const Json& json, const std::string& where, Faults& faults) {
    if (!json.is_string()) {
        refuse(faults, where, "must be a text");
        return false;
    }
    out = json.get<std::string>();
    return true;
}

void take_flag(bool& out, const Json& json, std::string_view where, Faults& faults) {
    if (json.is_boolean())
        out = json.get<bool>();
    else
        refuse(faults, std::string(where), "must be true or false");
}

AnswerRule take_rule(const Json& json, const std::string& where, Faults& faults) {
    static constexpr std::string_view names[] = {"pattern", "response"};
    AnswerRule rule;
    if (!json.is_object()) {
        refuse(faults, where, R"(must be {"pattern": ..., "response": ...})");
        return rule;
    }
    for (const auto& [name, value] : json.items())
        if (std::ranges::find(names, name) == std::end(names)) refuse(faults, where + "." + name, refuse_unknown(name, names), "unknown");
    for (const std::string_view name : names) {
        const std::string place = fmt::format("{}.{}", where, name);
        if (!json.contains(name))
            refuse(faults, place, "is needed", "missing");
        else
            take_text(name == "pattern" ? rule.pattern : rule.response, json[name], place, faults);
    }
    return rule;
}

/// Hands each item of a list to `take(item, place)`, and of one that is too long one more than there may be.
template <class Take>
void take_list(const Json& json, std::string_view where, std::size_t most, Faults& faults, Take take) {
    if (!json.is_array()) {
        refuse(faults, std::string(where), "must be a list");
        return;
    }
    for (std::size_t i = 0; i < std::min(json.size(), most + 1); ++i) take(json[i], fmt::format("{}[{}]", where, i));
}

constexpr ConfigField fields[] = {
    {"rules", "List of {pattern, response}, tried in order; the first match wins",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) {
         take_list(json, where, rules_max, faults,
                   [&](const Json& item, const std::string& place) { config.rules.push_back(take_rule(item, place, faults)); });
     },
     [](const AgentConfig& config) {
         Json out = Json::array();
         for (const AnswerRule& rule : config.rules) out.push_back({{"pattern", rule.pattern}, {"response", rule.response}});
         return out;
     }},
    {"fallback", "The reply when no rule matched, media included; null = none",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) {
         std::string text;
         if (!json.is_null() && take_text(text, json, std::string(where), faults)) config.fallback = std::move(text);
     },
     [](const AgentConfig& config) { return config.fallback ? Json(*config.fallback) : Json(nullptr); }},
    {"trigger_keywords", "Words of which a message must hold one; empty = any message",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) {
         take_list(json, where, keywords_max, faults,
                   [&](const Json& item, const std::string& place) { take_text(config.trigger_keywords.emplace_back(), item, place, faults); });
     },
     [](const AgentConfig& config) { return Json(config.trigger_keywords); }},
    {"allowed_contacts", "Ids of the contacts that are answered; empty = all",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) {
         take_list(json, where, contacts_max, faults, [&](const Json& item, const std::string& place) {
             if (item.is_number_integer())
                 config.allowed_contacts.push_back({item.get<std::int64_t>()});
             else
                 refuse(faults, place, "must be the id of a contact");
         });
     },
     [](const AgentConfig& config) {
         Json out = Json::array();
         for (const ContactId id : config.allowed_contacts) out.push_back(id.value);
         return out;
     }},
    {"ignore_groups", "Leaves messages in groups alone",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) { take_flag(config.ignore_groups, json, where, faults); },
     [](const AgentConfig& config) { return Json(config.ignore_groups); }},
    {"quote", "The reply quotes the message it answers",
     [](AgentConfig& config, const Json& json, std::string_view where, Faults& faults) { take_flag(config.quote, json, where, faults); },
     [](const AgentConfig& config) { return Json(config.quote); }},
};

void check_count(std::string_view where, std::size_t count, std::size_t most, Faults& faults) {
    if (count > most) refuse(faults, std::string(where), fmt::format("has more than {} items", most), "length");
}

void check_pattern(const std::string& where, Pattern (*compile)(std::string_view), const std::string& text, Faults& faults) {
    try {
        compile(text);
    } catch (const Error& failure) {
        refuse(faults, where, failure.what(), "value");
    }
}

void check_rules(const std::vector<AnswerRule>& rules, Faults& faults) {
    check_count("rules", rules.size(), rules_max, faults);
    if (rules.size() > rules_max) return;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        check_pattern(fmt::format("rules[{}].pattern", i), &Pattern::of_expression, rules[i].pattern, faults);
        check_length(fmt::format("rules[{}].response", i), rules[i].response, 1, response_max, faults);
    }
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    return static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
}

/// The line where item `n` of the array that `text` is begins.
std::size_t line_of_item(std::string_view text, std::size_t n) {
    int depth = 0;
    bool quoted = false;
    std::size_t item = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"') quoted = true;
        if (depth == 1 && item == n && c > ' ' && c != ',') return line_at(text, i);
        if (c == '[' || c == '{')
            ++depth;
        else if (c == ']' || c == '}')
            --depth;
        else if (c == ',' && depth == 1)
            ++item;
    }
    return line_at(text, text.size());
}

std::string place_of(const Fault& fault, std::string_view text) {
    std::size_t item = 0;
    return std::sscanf(fault.where.c_str(), "rules[%zu]", &item) == 1 ? fmt::format(":{}", line_of_item(text, item)) : "";
}

}  // namespace

std::vector<ConfigField> config_fields() {
    return {std::begin(fields), std::end(fields)};
}

AgentConfig read_config(const Json& json, std::vector<Fault>& faults) {
    AgentConfig config;
    if (!json.is_object()) {
        refuse(faults, "config", "must be an object");
        return config;
    }
    const std::size_t before = faults.size();
    for (const auto& [name, value] : json.items()) {
        const auto field = std::ranges::find(fields, name, &ConfigField::name);
        if (field != std::end(fields)) {
            field->take(config, value, name, faults);
            continue;
        }
        std::vector<std::string_view> known;
        for (const ConfigField& each : fields) known.push_back(each.name);
        refuse(faults, name, refuse_unknown(name, known), "unknown");
    }
    if (faults.size() == before) check_config(config, faults);
    return config;
}

AgentConfig read_config(const JsonText& text) {
    std::vector<Fault> faults;
    AgentConfig config = read_config(read_json(text.text), faults);
    throw_if_any("agent", faults);
    return config;
}

JsonText write_config(const AgentConfig& config) {
    Json out = Json::object();
    for (const ConfigField& field : fields) out[std::string(field.name)] = field.put(config);
    return {write_json(out)};
}

void check_config(const AgentConfig& config, std::vector<Fault>& faults) {
    check_rules(config.rules, faults);
    if (config.fallback) check_length("fallback", *config.fallback, 1, response_max, faults);
    check_count("trigger_keywords", config.trigger_keywords.size(), keywords_max, faults);
    for (std::size_t i = 0; i < std::min(config.trigger_keywords.size(), keywords_max); ++i) {
        const std::string where = fmt::format("trigger_keywords[{}]", i);
        check_pattern(where, &Pattern::of_words, config.trigger_keywords[i], faults);
        check_length(where, config.trigger_keywords[i], 0, 100, faults);
    }
    check_count("allowed_contacts", config.allowed_contacts.size(), contacts_max, faults);
}

std::optional<std::size_t> endless_rule(const std::vector<AnswerRule>& rules) {
    constexpr std::string_view unlike[] = {"a", "7", "?", "one two", "\xC3\xBC\n\xE4\xBD\xA0"};
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Pattern pattern = Pattern::of_expression(rules[i].pattern);
        const auto matches = [&](std::string_view text) { return pattern.matches(text); };
        if (std::ranges::all_of(unlike, matches) && matches(rules[i].response)) return i;
    }
    return std::nullopt;
}

std::vector<AnswerRule> read_rules(std::string_view text, std::string_view file) {
    Json json;
    try {
        json = read_strict_json(text);
    } catch (const JsonError& failure) {
        throw failure.in_file(file, text, R"(write a JSON array: [{"pattern": "hello|hi", "response": "Hello!"}])");
    }
    std::vector<Fault> faults;
    AgentConfig config;
    fields[0].take(config, json, "rules", faults);
    if (faults.empty()) check_rules(config.rules, faults);
    if (faults.empty()) return std::move(config.rules);
    std::string message;
    for (const Fault& fault : faults)
        message += fmt::format("{}{}{}: {} {}", message.empty() ? "" : "; ", file, place_of(fault, text), fault.where, fault.message);
    throw Error(Errc::invalid, message, faults);
}

}  // namespace wabot::agents
