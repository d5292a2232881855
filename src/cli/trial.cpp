#include "cli/trial.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "core/agents/ready_agents.hpp"
#include "core/contacts/contacts.hpp"

namespace wabot::cli {

Trial::Trial(const AgentRow& agent, ContactId contact) : staff_(std::make_shared<Staff>()), contact_(contact) {
    staff_->agents.push_back({.ready = make_ready(agent), .is_primary = true});
    staff_->ignore_book = std::make_shared<IgnoreBook>(std::vector<IgnoreRule>{});
}

Trial::Trial(Runtime& rt, const Device& device, ContactId contact) : staff_(std::make_shared<Staff>()), contact_(contact) {
    Answering answering;
    const auto load = [&](Snapshot& db) {
        staff_->agents = answering.agents.of_device(db, device.id);
        staff_->ignore_book = answering.ignore_books.of_device(db, device.id);
        if (contact) facts_ = ignore_rules::facts_of(db, contact, contact, std::nullopt);
        return true;
    };
    rt.read(load);
    staff_->is_active = device.is_active;
}

TrialResult Trial::answer(const std::optional<std::string>& text) const {
    ClaimedTurn turn{};
    turn.message.contact_id = contact_;
    turn.message.message_type = text ? "text" : "image";
    turn.message.content = text;
    turn.staff = staff_;
    turn.facts = facts_;
    turn.facts.text = text;
    const auto begin = std::chrono::steady_clock::now();
    const Decision decision = blocking(turns::decide(turn));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);

    TrialResult result{.in = text, .reason = decision.reason, .ms = took.count()};
    if (decision.outcome != TurnOutcome::replied) return result;
    result.out = fmt::format("{}", fmt::join(decision.texts, "\n"));
    const std::vector<Step> tried = blocking(ask(staff_->agents, question(text))).answer.tried;
    const auto matched = std::find_if(tried.begin(), tried.end(), [](const Step& step) { return step.matched; });
    if (matched != tried.end()) result.rule = matched - tried.begin() + 1;
    return result;
}

std::vector<std::string> Trial::explain(const std::optional<std::string>& text) const {
    std::vector<std::string> lines;
    const Asked asked = blocking(ask(staff_->agents, question(text)));
    for (const PassedOver& other : asked.passed_over) lines.push_back(fmt::format("{} {}", other.agent_key, other.why));
    for (const Step& step : asked.answer.tried) lines.push_back(fmt::format("{}  {}", step.what, step.matched ? "matched" : "no match"));
    lines.push_back(asked.answer.reason);
    return lines;
}

Question Trial::question(const std::optional<std::string>& text) const {
    Question question;
    question.text = text;
    question.message_type = text ? "text" : "image";
    question.contact_id = question.author_id = contact_;
    question.explain = true;
    return question;
}

ContactId writing_contact(Runtime& rt, const std::optional<std::string>& who) {
    if (!who) return {};
    const Vault& vault = rt.vault();
    return rt.read([&](Snapshot& db) { return contacts::get(db, vault, *who).id; });
}

}  // namespace wabot::cli
