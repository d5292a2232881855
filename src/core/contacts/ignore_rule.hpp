#pragma once

#include <optional>
#include <string>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"

namespace wabot {

WABOT_ENUM(IgnoreRuleType, contact, group, keyword)

/// Messages of a device that no agent gets to see. They are stored all the same.
struct IgnoreRule {
    IgnoreRuleId id;
    DeviceId device_id;
    IgnoreRuleType rule_type = IgnoreRuleType::keyword;
    std::optional<std::string> value;
    std::optional<Sealed> address;
    std::optional<ContactId> contact_id;
    bool is_active = true;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(IgnoreRule, FIELD(id, .key = true, .read_only = true), FIELD(device_id, .read_only = true), FIELD(rule_type, .read_only = true),
               FIELD(value, .max = 255, .doc = "Keyword of a keyword rule"),
               FIELD(address, .read_only = true, .sealed = "ignore_rules.address", .doc = "Address of the contact or group that the rule matches"),
               FIELD(contact_id, .read_only = true, .doc = "The contact that the rule matches, if it is known"), FIELD(is_active),
               FIELD(created_at, .read_only = true, .wide = true), FIELD(updated_at, .read_only = true, .wide = true))

}  // namespace wabot
