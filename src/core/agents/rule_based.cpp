#include "core/agents/rule_based.hpp"

#include <fmt/format.h>

namespace wabot {

namespace {

/// `rule 2 "open|hours"`, cut between characters.
std::string name_of(std::size_t index, const Rule& rule) {
    constexpr std::size_t shown_octets = 80;
    std::string_view pattern = rule.pattern;
    const bool cut = pattern.size() > shown_octets;
    if (cut) {
        std::size_t end = shown_octets;
        while (end > 0 && (static_cast<unsigned char>(pattern[end]) & 0xC0) == 0x80) --end;
        pattern = pattern.substr(0, end);
    }
    return fmt::format("rule {} \"{}{}\"", index + 1, pattern, cut ? "…" : "");
}

}  // namespace

RuleBasedAgent::RuleBasedAgent(const AgentConfig& config) : fallback_(config.fallback), quote_(config.quote) {
    rules_.reserve(config.rules.size());
    for (const Rule& rule : config.rules) rules_.push_back({Pattern::of_expression(rule.pattern), rule});
}

asio::awaitable<Answer> RuleBasedAgent::answer(const Question& question) const {
    co_return decide(question);
}

Answer RuleBasedAgent::decide(const Question& question) const {
    Answer answer;
    answer.quote = quote_;
    if (question.text) {
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            const auto& [pattern, rule] = rules_[i];
            const bool matched = pattern.matches(*question.text);
            if (question.explain) answer.tried.push_back({name_of(i, rule), matched});
            if (!matched) continue;
            answer.outcome = AnswerOutcome::replied;
            answer.texts = {rule.response};
            answer.reason = name_of(i, rule);
            return answer;
        }
    }
    if (fallback_) {
        answer.outcome = AnswerOutcome::replied;
        answer.texts = {*fallback_};
        answer.reason = "fallback";
        return answer;
    }
    answer.reason = "no rule matched";
    return answer;
}

}  // namespace wabot
