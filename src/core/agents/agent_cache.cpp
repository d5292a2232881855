#include "core/agents/agent_cache.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/agents/agent_config.hpp"
#include "core/agents/agents.hpp"
#include "core/agents/rule_based.hpp"
#include "core/base/error.hpp"

namespace wabot {

namespace {

std::shared_ptr<const Responder> open_agent(AgentType type, const AgentConfig& config) {
    switch (type) {
        case AgentType::rule_based: return std::make_shared<RuleBasedAgent>(config);
        case AgentType::langgraph:
        case AgentType::builtin: break;
    }
    throw Error(Errc::invalid, fmt::format("there are no agents of type {} yet", to_word(type)));
}

}  // namespace

std::shared_ptr<const LoadedAgent> load_agent(const Agent& row) {
    const AgentConfig config = agents::read_config(row.config);
    auto ready = std::make_shared<LoadedAgent>();
    ready->id = row.id;
    ready->key = row.key;
    ready->revision = row.revision;
    for (const std::string& words : config.trigger_keywords) ready->triggers.push_back(Pattern::of_words(words));
    for (const ContactId contact : config.allowed_contacts) ready->allowed_contacts.insert(contact.value);
    ready->ignore_groups = config.ignore_groups;
    ready->agent = open_agent(row.agent_type, config);
    return ready;
}

std::vector<Candidate> AgentCache::of_device(Snapshot& db, DeviceId device) {
    std::vector<Candidate> out;
    for (const AttachedAgent& attached : agents::attached_to(db, device))
        out.push_back({get(db, attached.id, attached.revision), attached.priority, attached.is_primary, attached.is_active});
    return out;
}

std::shared_ptr<const LoadedAgent> AgentCache::get(Snapshot& db, AgentId id, std::int64_t revision) {
    if (auto known = find(id, revision)) return known;
    auto made = load_agent(agents::get(db, id));  // outside the lock: compiling a thousand rules takes a moment
    keep(made);
    return made;
}

std::shared_ptr<const LoadedAgent> AgentCache::find(AgentId id, std::int64_t revision) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(agents_, [&](const auto& agent) { return agent->id == id && agent->revision == revision; });
    if (found == agents_.end()) return nullptr;
    agents_.splice(agents_.begin(), agents_, found);
    return agents_.front();
}

void AgentCache::keep(std::shared_ptr<const LoadedAgent> agent) {
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find(agents_, agent->id, [](const auto& one) { return one->id; });
    if (known != agents_.end()) {
        if ((*known)->revision >= agent->revision) return;  // a reader with an older view came later
        agents_.erase(known);
    }
    agents_.push_front(std::move(agent));
    while (agents_.size() > count_max_) agents_.pop_back();
}

}  // namespace wabot
