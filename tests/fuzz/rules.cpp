#include <nlohmann/json.hpp>

#include "core/agents/agent_config.hpp"
#include "core/base/pattern.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

constexpr std::string_view texts[] = {
    "", "hello", "When are you open on 24/12?", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x91\x8D", "\xFF\xC3 a\n\tb"};

void check_pattern_on_texts(const Pattern& pattern) {
    for (const std::string_view text : texts) {
        const auto match = pattern.find(text);
        require(match.has_value() == pattern.matches(text), "a match has a place");
        if (match) require(match->begin <= match->end && match->end <= text.size(), "the place is in the text");
    }
}

}  // namespace

/// A file of rules, or the whole configuration of an agent.
void rules(std::string_view input) {
    if (input.starts_with('{')) {
        const AgentConfig config = agents::read_config(JsonText{std::string(input)});
        require(agents::read_config(agents::write_config(config)) == config, "a configuration is read as it is written");
        for (const std::string& words : config.trigger_keywords) check_pattern_on_texts(Pattern::of_words(words));
        for (const AnswerRule& rule : config.rules) check_pattern_on_texts(Pattern::of_expression(rule.pattern));
    } else {
        for (const AnswerRule& rule : agents::read_rules(input, "rules.json")) check_pattern_on_texts(Pattern::of_expression(rule.pattern));
    }
}

}  // namespace wabot::fuzz
