#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/agents/agent.hpp"
#include "core/agents/agent_config.hpp"
#include "core/base/cause.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// A change of an agent; absent members stay as they are.
struct AgentChange {
    std::optional<std::string> key;  // made from the name when a new agent has none
    std::optional<std::string> name;
    std::optional<std::string> description;  // empty = none
    std::optional<bool> is_active;
    std::optional<std::vector<AnswerRule>> rules;
    std::optional<std::string> fallback;  // empty = none
    std::optional<std::vector<std::string>> trigger_keywords;
    std::optional<std::vector<ContactId>> allowed_contacts;
    std::optional<bool> ignore_groups;
    std::optional<bool> quote;
};

struct AgentFilter {
    std::optional<AgentType> agent_type;
    std::optional<bool> is_active;
    DeviceId device_id;  // attached to it; 0 = all
};

/// How an agent is attached; what is absent stays, or takes its default.
struct Attachment {
    std::optional<std::int64_t> priority;
    bool make_primary = false;
};

/// What AgentCache must know of an agent on a device.
struct AttachedAgent {
    AgentId id;
    std::int64_t revision;
    bool is_active;
    std::int64_t priority;
    bool is_primary;
};
WABOT_DESCRIBE(AttachedAgent, FIELD(id), FIELD(revision), FIELD(is_active), FIELD(priority), FIELD(is_primary))

/// Agents that were not deleted. All of it blocking, inside `Database::read` and `write`.
namespace agents {

/// By id (all digits) or key.
std::optional<Agent> find(Snapshot& db, std::string_view who);
/// Error{not_found} names the nearest key.
Agent get(Snapshot& db, std::string_view who);
Agent get(Snapshot& db, AgentId id);
/// In the order they were made.
std::vector<Agent> list(Snapshot& db, const AgentFilter& filter = {}, const Page& page = {});
/// In the order they were made; 0 = of any device, of any agent.
std::vector<AgentBinding> bindings(Snapshot& db, DeviceId device, AgentId agent, const Page& page = {});

/// At most 100.
std::vector<AttachedAgent> attached_to(Snapshot& db, DeviceId device);

/// Error{invalid} lists every fault; Error{conflict} when the key is taken.
Agent create(Transaction& tx, const Cause& cause, AgentType type, const AgentChange& change);
/// A change raises the revision: the next turn works with it.
Changed<Agent> update(Transaction& tx, const Cause& cause, AgentId id, const AgentChange& change);
/// Detaches it everywhere; gives the keys of the devices it served.
std::vector<std::string> remove(Transaction& tx, const Cause& cause, AgentId id);

/// Lets the agent answer on the device, or changes how it does. The first one becomes the primary one; a new primary one takes the place of the
/// old, which stays attached. Error{conflict} for more than 100 agents on one device.
Changed<AgentBinding> attach(Transaction& tx, const Cause& cause, AgentId agent, DeviceId device, const Attachment& how = {});
/// False when it was not attached.
bool detach(Transaction& tx, const Cause& cause, AgentId agent, DeviceId device);

}  // namespace agents

}  // namespace wabot
