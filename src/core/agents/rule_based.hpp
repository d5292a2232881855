#pragma once

#include <vector>

#include "core/agents/agent_config.hpp"
#include "core/agents/responder.hpp"
#include "core/base/pattern.hpp"

namespace wabot {

/// Tries its rules in order; the first that matches the text gives the reply, else the fallback, else there is none.
class RuleBasedAgent final : public Responder {
public:
    /// Compiles the rules. Error{invalid} when one does not compile.
    explicit RuleBasedAgent(const AgentConfig& config);

    asio::awaitable<Answer> answer(const Question& question) const override;
    bool answers_at_once() const override { return true; }

    /// The same without waiting for anything.
    Answer decide(const Question& question) const;

private:
    struct CompiledRule {
        Pattern pattern;
        AnswerRule rule;
    };
    /// What was looked at before the rule with that index decided, and what was not; behind the last one: none did.
    std::vector<AnswerStep> explain(const Question& question, std::size_t decided_by) const;

    std::vector<CompiledRule> rules_;
    std::optional<std::string> fallback_;
    bool quote_;
};

}  // namespace wabot
