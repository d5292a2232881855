#pragma once

#include <optional>
#include <string>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"

namespace wabot {

WABOT_ENUM(AgentType, rule_based, langgraph, builtin)

inline constexpr std::string_view served_agent_types[] = {"rule_based"};
template <>
inline constexpr std::span<const std::string_view> served_words<AgentType> = served_agent_types;

/// An agent as it is kept. (`Responder` is what answers.)
struct Agent {
    AgentId id;
    std::string key;
    std::string name;
    std::optional<std::string> description;
    AgentType agent_type = AgentType::rule_based;
    JsonText config;
    std::int64_t revision = 1;
    bool is_active = true;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Agent, FIELD(id, .read_only = true), FIELD(key, .max = 100, .key = true, .doc = "Name in commands and links; not only digits"),
               FIELD(name, .max = 255), FIELD(description, .max = 2000, .wide = true), FIELD(agent_type, .read_only = true),
               FIELD(config, .wide = true, .doc = "Rules, fallback, triggers and limits"),
               FIELD(revision, .read_only = true, .doc = "Increases with every change; each turn records it"), FIELD(is_active),
               FIELD(created_at, .read_only = true, .wide = true), FIELD(updated_at, .read_only = true, .wide = true))

/// An agent answers on a device.
struct AgentBinding {
    BindingId id;
    DeviceId device_id;
    AgentId agent_id;
    std::int64_t priority = 100;  // of those that are not primary; lower is asked earlier
    bool is_primary = false;      // asked last; one per device
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(AgentBinding, FIELD(id, .key = true, .read_only = true), FIELD(device_id, .read_only = true), FIELD(agent_id, .read_only = true),
               FIELD(priority, .doc = "Agents with a lower number are asked first"),
               FIELD(is_primary, .doc = "Whether this agent is asked last; one per device"), FIELD(created_at, .read_only = true, .wide = true),
               FIELD(updated_at, .read_only = true, .wide = true))

}  // namespace wabot
