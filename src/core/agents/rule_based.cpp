#include "core/agents/rule_based.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace wabot {

namespace {

/// `rule 2 "open|hours"`, cut between characters.
std::string name_of(std::size_t index, const AnswerRule& rule) {
    constexpr std::size_t shown_bytes = 80;
    std::string_view pattern = rule.pattern;
    const bool cut = pattern.size() > shown_bytes;
    if (cut) {
        std::size_t end = shown_bytes;
        while (end > 0 && (static_cast<unsigned char>(pattern[end]) & 0xC0) == 0x80) --end;
        pattern = pattern.substr(0, end);
    }
    return fmt::format("rule {} \"{}{}\"", index + 1, pattern, cut ? "…" : "");
}

/// `rules 3-4`, `rule 3`: those from `first` on, counted from 1.
std::string names_of(std::size_t first, std::size_t last) {
    return first == last ? fmt::format("rule {}", first) : fmt::format("rules {}-{}", first, last);
}

/// `matched "open" at 9..13`, in characters from 0 on.
std::string place_of(const Pattern& pattern, std::string_view text) {
    const auto match = pattern.find(text);
    if (!match) return "no match";
    const std::size_t begin = count_code_points(text.substr(0, match->begin));
    const std::string_view found = text.substr(match->begin, match->end - match->begin);
    return fmt::format("matched \"{}\" at {}..{}", found, begin, begin + count_code_points(found));
}

}  // namespace

RuleBasedAgent::RuleBasedAgent(const AgentConfig& config) : fallback_(config.fallback), quote_(config.quote) {
    rules_.reserve(config.rules.size());
    for (const AnswerRule& rule : config.rules) rules_.push_back({Pattern::of_expression(rule.pattern), rule});
}

asio::awaitable<Answer> RuleBasedAgent::answer(const Question& question) const {
    co_return decide(question);
}

Answer RuleBasedAgent::decide(const Question& question) const {
    Answer answer;
    answer.quote = quote_;
    answer.reason = "no rule matched";
    std::size_t decided_by = rules_.size();
    for (std::size_t i = 0; question.text && i < rules_.size() && decided_by == rules_.size(); ++i) {
        if (!rules_[i].pattern.matches(*question.text)) continue;
        decided_by = i;
        answer.outcome = AnswerOutcome::replied;
        answer.texts = {rules_[i].rule.response};
        answer.reason_kind = ReasonKind::rule;
        answer.reason = name_of(i, rules_[i].rule);
    }
    if (decided_by == rules_.size() && fallback_) {
        answer.outcome = AnswerOutcome::replied;
        answer.texts = {*fallback_};
        answer.reason_kind = ReasonKind::fallback;
        answer.reason = "fallback";
    }
    if (question.explain) answer.steps = explain(question, decided_by);
    return answer;
}

std::vector<AnswerStep> RuleBasedAgent::explain(const Question& question, std::size_t decided_by) const {
    std::vector<AnswerStep> steps;
    for (std::size_t i = 0; question.text && i < rules_.size() && i <= decided_by; ++i)
        steps.push_back({static_cast<std::int64_t>(i + 1), name_of(i, rules_[i].rule), place_of(rules_[i].pattern, *question.text), i == decided_by});
    if (steps.size() < rules_.size())
        steps.push_back({std::nullopt, names_of(steps.size() + 1, rules_.size()), question.text ? "not tried" : "not tried: there are no words"});
    const bool falls_back = decided_by == rules_.size();
    if (fallback_) steps.push_back({std::nullopt, "fallback", falls_back ? "no rule matched" : "not tried", falls_back});
    return steps;
}

}  // namespace wabot
