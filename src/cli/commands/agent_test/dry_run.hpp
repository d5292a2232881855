#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/framework/runtime.hpp"
#include "core/agents/agent.hpp"
#include "core/devices/device.hpp"
#include "core/messaging/answering/turns.hpp"

namespace wabot {

/// What came of one message in `agent test` and `chat`.
struct DryRunResult {
    std::optional<std::string> in;   // none: media without words
    std::optional<std::string> out;  // none: no reply; several messages with line breaks between them
    std::optional<std::int64_t> rule;
    std::string reason;
    std::int64_t ms = 0;
    std::optional<bool> passed;  // none: nothing was expected
};
WABOT_DESCRIBE(DryRunResult, FIELD(in), FIELD(out), FIELD(rule, .doc = "Number of the rule that answered"), FIELD(reason, .doc = "What decided"),
               FIELD(ms, .wide = true), FIELD(passed, .wide = true))

/// One step on the way to an answer: who or what was looked at, and what came of it.
struct DryRunStep {
    std::optional<std::string> in;
    std::string step;    // `agent faq`, `rule 2 "open|hours"`, `ignore rule 3, contact`
    std::string result;  // `asked`, `no match`, `matched "open" at 9..13, answered`, `not tried`
};
WABOT_DESCRIBE(DryRunStep, FIELD(in), FIELD(step), FIELD(result))

namespace cli {

/// Answers as a worker would, by the same code, and writes nothing down.
class AgentDryRun {
public:
    /// One agent alone, switched on or not. `contact` writes; 0: no known contact.
    AgentDryRun(const Agent& agent, ContactId contact);
    /// Who answers on a device, behind its ignore rules.
    AgentDryRun(Runtime& rt, const Device& device, ContactId contact);

    DryRunResult answer(const std::optional<std::string>& text) const;
    /// What was looked at on the way to that answer, and what was not and why.
    std::vector<DryRunStep> explain(const std::optional<std::string>& text) const;

private:
    ClaimedTurn turn(const std::optional<std::string>& text) const;
    Question question(const std::optional<std::string>& text) const;

    std::shared_ptr<AnswerSetup> staff_;
    ContactId contact_;
    IgnoreFacts facts_;
};

/// The contact with that number or id, 0 when none was named. Error{not_found}.
ContactId writing_contact(Runtime& rt, const std::optional<std::string>& who);

}  // namespace cli
}  // namespace wabot
