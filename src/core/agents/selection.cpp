#include "core/agents/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace wabot {

namespace {

/// Why this one may not answer; null when it may.
const char* obstacle(const Candidate& candidate, const Question& question) {
    const LoadedAgent& agent = *candidate.ready;
    if (!candidate.is_active) return "is switched off";
    if (agent.ignore_groups && question.is_group) return "ignores groups";
    const auto allows = [&](ContactId id) { return agent.allowed_contacts.contains(id.value); };
    if (!agent.allowed_contacts.empty() && !allows(question.contact_id) && !allows(question.author_id))
        return "does not have the contact on its list";
    const auto found = [&](const Pattern& trigger) { return question.text && trigger.matches(*question.text); };
    if (!agent.triggers.empty() && std::ranges::none_of(agent.triggers, found)) return "needs one of its trigger words";
    return nullptr;
}

std::string nobody(const std::vector<PassedOver>& passed_over) {
    if (passed_over.empty()) return "no agent";
    std::string out = "no agent: ";
    for (const PassedOver& one : passed_over) out += fmt::format("{}{} {}", &one == &passed_over.front() ? "" : ", ", one.agent_key, one.why);
    return out;
}

}  // namespace

Selection select(std::span<const Candidate> candidates, const Question& question) {
    std::vector<Candidate> ordered(candidates.begin(), candidates.end());
    std::ranges::sort(ordered, {}, [](const Candidate& one) { return std::tuple(one.is_primary, one.priority, one.ready->id); });
    Selection out;
    for (Candidate& candidate : ordered) {
        if (const char* why = obstacle(candidate, question))
            out.passed_over.push_back({candidate.ready->key, why});
        else
            out.eligible.push_back(std::move(candidate));
    }
    return out;
}

asio::awaitable<Asked> ask(std::vector<Candidate> candidates, Question question) {
    Selection selection = select(candidates, question);
    Asked asked;
    asked.passed_over = std::move(selection.passed_over);
    asked.answer.reason_kind = ReasonKind::no_agent;
    asked.answer.reason = nobody(asked.passed_over);
    for (const Candidate& candidate : selection.eligible) {
        if (asked.by && asked.answer.outcome != AnswerOutcome::no_reply) {
            if (!question.explain) break;
            asked.not_asked.push_back(candidate.ready->key);
            continue;
        }
        if (asked.by) asked.passed_over.push_back({asked.by->key, asked.answer.reason, std::move(asked.answer.steps)});
        asked.by = candidate.ready;
        asked.answer = co_await candidate.ready->agent->answer(question);
    }
    co_return asked;
}

}  // namespace wabot
