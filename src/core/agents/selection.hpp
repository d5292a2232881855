#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/agents/responder.hpp"
#include "core/base/ids.hpp"
#include "core/base/pattern.hpp"

namespace wabot {

/// One revision of an agent, ready to answer, with its conditions.
struct LoadedAgent {
    AgentId id;
    std::string key;
    std::int64_t revision = 0;
    std::vector<Pattern> triggers;                      // one must match; empty = none is needed
    std::unordered_set<std::int64_t> allowed_contacts;  // empty = everybody
    bool ignore_groups = false;
    std::shared_ptr<const Responder> agent;
};

/// An agent as it is attached to a device.
struct Candidate {
    std::shared_ptr<const LoadedAgent> ready;
    std::int64_t priority = 100;
    bool is_primary = false;
    bool is_active = true;
};

struct PassedOver {
    std::string agent_key;
    std::string why;  // "is switched off", "needs one of its trigger words", ..., or why it gave no reply
    std::vector<AnswerStep> steps = {};
};

struct Selection {
    std::vector<Candidate> eligible;  // in the order in which they are asked
    std::vector<PassedOver> passed_over;
};

/// Which agents may answer: those that are not primary by priority (the older one first among equals), then the primary one.
Selection select(std::span<const Candidate> candidates, const Question& question);

/// Who answered, and who did not before.
struct Asked {
    std::shared_ptr<const LoadedAgent> by;  // null: no agent was eligible
    Answer answer;                          // of `by`
    std::vector<PassedOver> passed_over;
    std::vector<std::string> not_asked;  // their keys, when an explanation is asked for: `by` had answered already
};

/// Asks the eligible ones in order until one has something to say; the answer of the last one when none has. With no agent to ask, a `no_reply` whose
/// reason begins with "no agent".
asio::awaitable<Asked> ask(std::vector<Candidate> candidates, Question question);

}  // namespace wabot
