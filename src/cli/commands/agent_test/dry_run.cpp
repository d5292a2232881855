#include "cli/commands/agent_test/dry_run.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "core/agents/agent_cache.hpp"
#include "core/base/blocking.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"

namespace wabot::cli {

AgentDryRun::AgentDryRun(const Agent& agent, ContactId contact) : staff_(std::make_shared<AnswerSetup>()), contact_(contact) {
    staff_->agents.push_back({.ready = load_agent(agent), .is_primary = true});
    staff_->ignore_book = std::make_shared<CompiledIgnoreRules>(std::vector<IgnoreRule>{});
}

AgentDryRun::AgentDryRun(Runtime& rt, const Device& device, ContactId contact) : staff_(std::make_shared<AnswerSetup>()), contact_(contact) {
    AnswerCaches answering;
    const auto load = [&](Snapshot& db) {
        staff_->agents = answering.agents.of_device(db, device.id);
        staff_->ignore_book = answering.ignore_books.of_device(db, device.id);
        if (contact) facts_ = ignore_rules::facts_of(db, contact, contact, std::nullopt);
        return true;
    };
    rt.read(load);
    staff_->is_active = device.is_active;
}

DryRunResult AgentDryRun::answer(const std::optional<std::string>& text) const {
    const ClaimedTurn asked = turn(text);
    const auto begin = std::chrono::steady_clock::now();
    const Decision decision = blocking(turns::decide(asked));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);

    DryRunResult result{.in = text, .reason = decision.reason, .ms = took.count()};
    if (decision.outcome != TurnOutcome::replied) return result;
    result.out = fmt::format("{}", fmt::join(decision.texts, "\n"));
    const std::vector<AnswerStep> steps = blocking(ask(staff_->agents, question(text))).answer.steps;
    const auto deciding = std::find_if(steps.begin(), steps.end(), [](const AnswerStep& step) { return step.answered; });
    if (deciding != steps.end()) result.rule = deciding->rule;
    return result;
}

std::vector<DryRunStep> AgentDryRun::explain(const std::optional<std::string>& text) const {
    std::vector<DryRunStep> lines;
    const auto say = [&](std::string step, std::string result) { lines.push_back({text, std::move(step), std::move(result)}); };
    const auto say_steps = [&](const std::vector<AnswerStep>& steps) {
        for (const AnswerStep& step : steps) say(step.what, step.answered ? step.result + ", answered" : step.result);
    };
    const ClaimedTurn asked_for = turn(text);
    if (!staff_->is_active) {
        say("device", "inactive: no agent answers");
        return lines;
    }
    const auto& ignore_rules = staff_->ignore_book->rules();
    const auto ignored = staff_->ignore_book->match(asked_for.facts);
    if (ignored) {
        say(ignored->reason, "ignored: no agent answers");
        return lines;
    }
    if (!ignore_rules.empty()) say(fmt::format("{} ignore rule{}", ignore_rules.size(), ignore_rules.size() == 1 ? "" : "s"), "no match");

    const Asked asked = blocking(ask(staff_->agents, question(text)));
    for (const PassedOver& other : asked.passed_over) {
        say("agent " + other.agent_key, other.why);
        say_steps(other.steps);
    }
    if (!asked.by) {
        say("agents", asked.answer.reason);
        return lines;
    }
    say("agent " + asked.by->key, asked.answer.outcome == AnswerOutcome::replied ? "answered" : asked.answer.reason);
    say_steps(asked.answer.steps);
    for (const std::string& key : asked.not_asked) say("agent " + key, "not asked");
    return lines;
}

ClaimedTurn AgentDryRun::turn(const std::optional<std::string>& text) const {
    ClaimedTurn turn{};
    turn.message.contact_id = contact_;
    turn.message.message_type = text ? "text" : "image";
    turn.message.content = text;
    turn.setup = staff_;
    turn.facts = facts_;
    turn.facts.text = text;
    return turn;
}

Question AgentDryRun::question(const std::optional<std::string>& text) const {
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
