#include "core/contacts/ignore_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/contacts/contacts.hpp"
#include "core/database/listing.hpp"
#include "core/devices/devices.hpp"

namespace wabot {

namespace {

constexpr int rules_max = 1000;

bool contains(const std::vector<Bytes>& addresses, const std::optional<Sealed>& wanted) {
    return wanted && std::ranges::find(addresses, wanted->hash) != addresses.end();
}

}  // namespace

CompiledIgnoreRules::CompiledIgnoreRules(std::vector<IgnoreRule> rules) : rules_(std::move(rules)) {
    const Pattern never_asked = Pattern::of_words("-");
    for (const IgnoreRule& rule : rules_) keywords_.push_back(rule.value ? Pattern::of_words(*rule.value) : never_asked);
}

std::optional<Ignored> CompiledIgnoreRules::match(const IgnoreFacts& facts) const {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const IgnoreRule& rule = rules_[i];
        const auto ignored = [&](std::string_view what) { return Ignored{rule.id, fmt::format("ignore rule {}, {}", rule.id.value, what)}; };
        switch (rule.rule_type) {
            case IgnoreRuleType::keyword:
                if (facts.text && keywords_[i].matches(*facts.text)) return ignored(fmt::format("keyword \"{}\"", *rule.value));
                break;
            case IgnoreRuleType::contact:
                if ((rule.contact_id && rule.contact_id == facts.author_id) || contains(facts.author_addresses, rule.address))
                    return ignored("contact");
                break;
            case IgnoreRuleType::group:
                if (facts.is_group && ((rule.contact_id && rule.contact_id == facts.chat_id) || contains(facts.chat_addresses, rule.address)))
                    return ignored("group");
                break;
        }
    }
    return std::nullopt;
}

std::shared_ptr<const CompiledIgnoreRules> IgnoreRuleCache::of_device(Snapshot& db, DeviceId device) {
    // Rules are made and deleted, never rewritten: the ids of the active ones say all.
    static constexpr std::string_view ids_sql = "SELECT id FROM ignore_rules WHERE device_id = $1 AND is_active = $2 ORDER BY id LIMIT $3";
    const auto ids = db.query(ids_sql, device, true, rules_max).all<IgnoreRuleId>();
    {
        const std::lock_guard lock(mutex_);
        const auto known = books_.find(device.value);
        if (known != books_.end() && std::ranges::equal(known->second->rules(), ids, {}, &IgnoreRule::id)) return known->second;
    }
    static constexpr std::string_view sql = "SELECT * FROM ignore_rules WHERE device_id = $1 AND is_active = $2 ORDER BY id LIMIT $3";
    auto book = std::make_shared<const CompiledIgnoreRules>(db.query(sql, device, true, rules_max).all<IgnoreRule>());
    const std::lock_guard lock(mutex_);
    books_[device.value] = book;
    return book;
}

namespace ignore_rules {

namespace {

struct Meaning {
    std::optional<std::string> word;
    std::optional<std::string> address;
    std::optional<ContactId> contact_id;
};

[[noreturn]] void refuse(const std::string& message) {
    throw_if_any("ignore rule", {{"value", message, "value"}});
    throw Error(Errc::bug, "a fault was not thrown");
}

Meaning read_word(std::string_view value) {
    const std::string word = fold_case(value);
    if (word.empty() || count_code_points(word) > 255) refuse("must be a word of 1 to 255 characters");
    try {
        Pattern::of_words(word);
    } catch (const Error& failure) {
        refuse(failure.what());
    }
    return {.word = word};
}

/// The contact with that id, by the address that names it best: its group id, else its number, else its user id.
Meaning read_contact(Snapshot& db, const Vault& vault, DeviceId device, ContactId id, bool wants_group) {
    const auto contact = contacts::find(db, id);
    if (!contact || contact->device_id != device) refuse(fmt::format("the device has no contact {}", id.value));
    if (contact->is_group != wants_group) refuse(fmt::format("contact {} is {} group", id.value, wants_group ? "no" : "a"));
    const Target target = open_target(vault, contacts::target_of(db, id, contact->phone_number));
    const std::string& address = wants_group ? target.group_id : target.to.phone.empty() ? target.to.user_id : target.to.phone;
    return {.address = address, .contact_id = id};
}

Meaning read_meaning(Snapshot& db, const Vault& vault, DeviceId device, IgnoreRuleType type, std::string_view value) {
    if (type == IgnoreRuleType::keyword) return read_word(value);
    const bool wants_group = type == IgnoreRuleType::group;
    if (const auto id = as_id(value)) return read_contact(db, vault, device, ContactId{*id}, wants_group);
    if (wants_group) {
        if (value.empty() || value.size() > 255) refuse("must be the id of a group");
        return {.address = std::string(value)};
    }
    const auto address = to_address(value);
    if (!address) refuse("must be the id of a contact, a number with + and country code, a JID or a user id");
    return {.address = address->phone.empty() ? address->user_id : address->phone};
}

std::optional<IgnoreRule> find_same(Snapshot& db, DeviceId device, IgnoreRuleType type, const Meaning& meaning,
                                    const std::optional<Sealed>& address) {
    if (meaning.word) return db.query("SELECT * FROM ignore_rules WHERE device_id = $1 AND value = $2", device, *meaning.word).first<IgnoreRule>();
    static constexpr std::string_view sql = "SELECT * FROM ignore_rules WHERE device_id = $1 AND rule_type = $2 AND address_hash = $3";
    return db.query(sql, device, type, address->hash).first<IgnoreRule>();
}

template <class T>
std::optional<T> rule_part(const std::optional<Sealed>& value, T Sealed::*member) {
    return value ? std::optional((*value).*member) : std::nullopt;
}

}  // namespace

Changed<IgnoreRule> create(Transaction& tx, const Cause& cause, const Vault& vault, DeviceId device, IgnoreRuleType type, std::string_view value) {
    const Meaning meaning = read_meaning(tx, vault, device, type, value);
    const auto address = meaning.address ? std::optional(vault.seal(*meaning.address, "ignore_rules.address")) : std::nullopt;
    if (!devices::hold(tx, device)) throw Error(Errc::not_found, fmt::format("no device {}", device.value), "see wabot device list");
    if (auto same = find_same(tx, device, type, meaning, address)) return {std::move(*same), false};
    const auto count = tx.query("SELECT COUNT(*) FROM ignore_rules WHERE device_id = $1", device).one<std::int64_t>();
    if (count >= rules_max)
        throw Error(Errc::conflict, fmt::format("the device has {} ignore rules, which is the most", rules_max), "delete some first");
    static constexpr std::string_view sql = R"sql(
        INSERT INTO ignore_rules (device_id, rule_type, value, address_enc, address_hash, address_last4, contact_id, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *)sql";
    auto made = tx.query(sql, device, type, meaning.word, rule_part(address, &Sealed::enc), rule_part(address, &Sealed::hash),
                         rule_part(address, &Sealed::last4), meaning.contact_id, tx.now())
                    .one<IgnoreRule>();
    changes::record(tx, cause, "ignore_rule.created", "ignore_rule", made.id.value, device.value);
    return {std::move(made), true};
}

std::optional<IgnoreRule> find(Snapshot& db, IgnoreRuleId id) {
    return db.query("SELECT * FROM ignore_rules WHERE id = $1", id).first<IgnoreRule>();
}

std::vector<IgnoreRule> list(Snapshot& db, DeviceId device, const Page& page) {
    Condition own;
    if (device) own.also("device_id = ?", device);
    return list_page<IgnoreRule>(db, {.select = "SELECT * FROM ignore_rules"}, std::move(own), page);
}

void remove(Transaction& tx, const Cause& cause, IgnoreRuleId id) {
    const auto rule = find(tx, id);
    if (!rule) throw_no_such("ignore rule", std::to_string(id.value), {}, "see wabot ignore list");
    tx.execute("DELETE FROM ignore_rules WHERE id = $1", id);
    changes::record(tx, cause, "ignore_rule.deleted", "ignore_rule", id.value, rule->device_id.value);
}

IgnoreFacts facts_of(Snapshot& db, ContactId chat, ContactId author, std::optional<std::string> text) {
    const auto addresses = [&](ContactId id) {
        static constexpr std::string_view sql = "SELECT value_hash FROM contact_identities WHERE contact_id = $1 ORDER BY id LIMIT 100";
        return db.query(sql, id).all<Bytes>();
    };
    const auto contact = contacts::find(db, chat);
    return {.text = std::move(text),
            .is_group = contact && contact->is_group,
            .chat_id = chat,
            .author_id = author,
            .chat_addresses = addresses(chat),
            .author_addresses = addresses(author)};
}

IgnoreFacts facts_of(const Vault& vault, const Address& author, std::optional<std::string> text) {
    IgnoreFacts facts{.text = std::move(text)};
    if (!author.phone.empty()) facts.author_addresses.push_back(vault.hash(author.phone));
    if (!author.user_id.empty()) facts.author_addresses.push_back(vault.hash(author.user_id));
    return facts;
}

}  // namespace ignore_rules

}  // namespace wabot
