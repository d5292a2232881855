#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/pattern.hpp"
#include "core/contacts/ignore_rule.hpp"
#include "core/contacts/sealed_address.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// What the rules look at.
struct IgnoreFacts {
    std::optional<std::string> text;
    bool is_group = false;
    ContactId chat_id;                  // the person, or the group
    ContactId author_id;                // who wrote; in a private chat the same
    std::vector<Bytes> chat_addresses;  // hashes of what they are known by
    std::vector<Bytes> author_addresses;
};

/// The rule that a message fell under.
struct Ignored {
    IgnoreRuleId id;
    std::string reason;  // `ignore rule 3, keyword "lottery"`: no addresses
};

/// The active rules of a device, compiled. Never changes; any thread.
class CompiledIgnoreRules {
public:
    explicit CompiledIgnoreRules(std::vector<IgnoreRule> rules);
    const std::vector<IgnoreRule>& rules() const { return rules_; }
    /// The oldest rule that fits.
    std::optional<Ignored> match(const IgnoreFacts& facts) const;

private:
    std::vector<IgnoreRule> rules_;
    std::vector<Pattern> keywords_;  // as many as there are rules; those that are no keyword rules hold one that is never asked
};

/// The books this process has in use, one per device. Any thread.
class IgnoreRuleCache {
public:
    /// Blocking; reads only the ids when nothing changed.
    std::shared_ptr<const CompiledIgnoreRules> of_device(Snapshot& db, DeviceId device);

private:
    std::mutex mutex_;
    std::unordered_map<std::int64_t, std::shared_ptr<const CompiledIgnoreRules>> books_;
};

/// All of it blocking, inside `Database::read` and `write`.
namespace ignore_rules {

/// `value`: a word or phrase; the id, number, JID or user id of a contact; the id of a group, as the provider's or as a contact's. A rule that is
/// already exists: no change. Error{invalid} for a value that means nothing, Error{conflict} over 1000 rules of one device.
Changed<IgnoreRule> create(Transaction& tx, const Cause& cause, const Vault& vault, DeviceId device, IgnoreRuleType type, std::string_view value);
std::optional<IgnoreRule> find(Snapshot& db, IgnoreRuleId id);
/// In the order they were made; 0 = of all devices.
std::vector<IgnoreRule> list(Snapshot& db, DeviceId device = {}, const Page& page = {});
/// Error{not_found} when there is none.
void remove(Transaction& tx, const Cause& cause, IgnoreRuleId id);

/// What is known of a message of `author` in `chat`.
IgnoreFacts facts_of(Snapshot& db, ContactId chat, ContactId author, std::optional<std::string> text);
/// The same for someone who never wrote: `wabot ignore test`.
IgnoreFacts facts_of(const Vault& vault, const Address& author, std::optional<std::string> text);

}  // namespace ignore_rules

}  // namespace wabot
