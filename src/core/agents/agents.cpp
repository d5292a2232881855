#include "core/agents/agents.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/audit/audit_draft.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"
#include "core/devices/devices.hpp"

namespace wabot::agents {

namespace {

constexpr std::string_view object = "agent";
constexpr int attached_max = 100;

void record(Transaction& tx, const Cause& cause, std::string_view kind, AgentId id, DeviceId device = {}) {
    changes::record(tx, cause, kind, object, id.value, device.value);
}

[[noreturn]] void throw_not_found(Snapshot& db, std::string_view who) {
    const auto known = db.query("SELECT key FROM agents WHERE deleted_at IS NULL ORDER BY id LIMIT 200").all<std::string>();
    throw_no_such(object, who, known, "see wabot agent list");
}

void change_config(AgentConfig& config, const AgentChange& change) {
    if (change.rules) config.rules = *change.rules;
    if (change.fallback) config.fallback = change.fallback->empty() ? std::nullopt : change.fallback;
    if (change.trigger_keywords) config.trigger_keywords = *change.trigger_keywords;
    if (change.allowed_contacts) config.allowed_contacts = *change.allowed_contacts;
    if (change.ignore_groups) config.ignore_groups = *change.ignore_groups;
    if (change.quote) config.quote = *change.quote;
}

/// A whitelist with a mistyped id would silence the agent without a word.
void check_contacts(Snapshot& db, const std::vector<ContactId>& contacts, std::vector<Fault>& faults) {
    for (std::size_t i = 0; i < contacts.size(); ++i)
        if (db.query("SELECT id FROM contacts WHERE id = $1", contacts[i]).empty())
            faults.push_back({fmt::format("allowed_contacts[{}]", i), fmt::format("there is no contact {}", contacts[i].value), "value"});
}

/// The agent as `change` wants it, checked; nothing is written.
Agent changed(Snapshot& db, const Agent& before, const AgentChange& change) {
    std::vector<Fault> faults;
    Agent after = before;
    if (change.key) after.key = *change.key;
    if (change.name) after.name = *change.name;
    if (change.description) after.description = change.description->empty() ? std::nullopt : change.description;
    if (change.is_active) after.is_active = *change.is_active;
    check_key(after.key, faults);
    check_length("name", after.name, 1, 255, faults);
    check_length("description", after.description.value_or(""), 0, 2000, faults);
    AgentConfig config = read_config(before.config);
    change_config(config, change);
    check_config(config, faults);
    if (change.allowed_contacts) check_contacts(db, config.allowed_contacts, faults);
    after.config = write_config(config);
    throw_if_any(object, faults);
    return after;
}

void refuse_duplicate(Snapshot& db, const Agent& agent) {
    const auto same = db.query("SELECT id FROM agents WHERE key = $1 AND id <> $2 AND deleted_at IS NULL", agent.key, agent.id).first<AgentId>();
    if (same) throw Error(Errc::conflict, fmt::format("agent {} already exists", agent.key), "choose another key");
}

/// The agent, as it is until the unit ends.
Agent hold(Transaction& tx, AgentId id) {
    auto agent = tx.query("SELECT * FROM agents WHERE id = $1 AND deleted_at IS NULL {for_update}", id).first<Agent>();
    if (!agent) throw_not_found(tx, std::to_string(id.value));
    return std::move(*agent);
}

bool same_configuration(const Agent& a, const Agent& b) {
    return a.key == b.key && a.name == b.name && a.description == b.description && a.config == b.config && a.is_active == b.is_active;
}

std::optional<AgentBinding> find_binding(Snapshot& db, AgentId agent, DeviceId device) {
    return db.query("SELECT * FROM agent_bindings WHERE device_id = $1 AND agent_id = $2", device, agent).first<AgentBinding>();
}

}  // namespace

std::optional<Agent> find(Snapshot& db, std::string_view who) {
    if (const auto id = as_id(who)) return db.query("SELECT * FROM agents WHERE id = $1 AND deleted_at IS NULL", *id).first<Agent>();
    return db.query("SELECT * FROM agents WHERE key = $1 AND deleted_at IS NULL", who).first<Agent>();
}

Agent get(Snapshot& db, std::string_view who) {
    auto agent = find(db, who);
    if (!agent) throw_not_found(db, who);
    return std::move(*agent);
}

Agent get(Snapshot& db, AgentId id) {
    return get(db, std::to_string(id.value));
}

std::vector<Agent> list(Snapshot& db, const AgentFilter& filter, const Page& page) {
    Condition own;
    if (filter.agent_type) own.also("agent_type = ?", *filter.agent_type);
    if (filter.is_active) own.also("is_active = ?", *filter.is_active);
    if (filter.device_id) own.also("id IN (SELECT agent_id FROM agent_bindings WHERE device_id = ?)", filter.device_id);
    return list_page<Agent>(db, {.select = "SELECT * FROM agents WHERE deleted_at IS NULL"}, std::move(own), page);
}

std::vector<AgentBinding> bindings(Snapshot& db, DeviceId device, AgentId agent, const Page& page) {
    static constexpr std::string_view sql = R"sql(
        SELECT * FROM agent_bindings WHERE id > $1 AND ($2 = 0 OR device_id = $2) AND ($3 = 0 OR agent_id = $3) ORDER BY id LIMIT $4)sql";
    return db.query(sql, page.after, device, agent, page.size()).all<AgentBinding>();
}

std::vector<AttachedAgent> attached_to(Snapshot& db, DeviceId device) {
    static constexpr std::string_view sql = R"sql(
        SELECT a.id, a.revision, a.is_active, b.priority, b.is_primary
        FROM agent_bindings b JOIN agents a ON a.id = b.agent_id
        WHERE b.device_id = $1 AND a.deleted_at IS NULL ORDER BY b.id LIMIT $2)sql";
    return db.query(sql, device, attached_max).all<AttachedAgent>();
}

Agent create(Transaction& tx, const Cause& cause, AgentType type, const AgentChange& change) {
    if (type != AgentType::rule_based)
        throw Error(Errc::invalid, fmt::format("there are no agents of type {} yet", to_word(type)), "choose rule_based");
    Agent fresh;
    fresh.agent_type = type;
    fresh.name = change.name.value_or(change.key.value_or(""));
    if (!change.key && !fresh.name.empty()) fresh.key = slug_of(fresh.name);
    const Agent agent = changed(tx, fresh, change);
    refuse_duplicate(tx, agent);
    static constexpr std::string_view sql = R"sql(
        INSERT INTO agents (key, name, description, agent_type, config, is_active, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING *)sql";
    auto made = tx.query(sql, agent.key, agent.name, agent.description, type, agent.config, agent.is_active, tx.now()).one<Agent>();
    record(tx, cause, "agent.created", made.id);
    audit::note_fact(cause, "key", made.key);
    return made;
}

Changed<Agent> update(Transaction& tx, const Cause& cause, AgentId id, const AgentChange& change) {
    const Agent before = hold(tx, id);
    const Agent after = changed(tx, before, change);
    if (same_configuration(before, after)) return {before, false};
    refuse_duplicate(tx, after);
    static constexpr std::string_view sql = R"sql(
        UPDATE agents SET key = $2, name = $3, description = $4, config = $5, is_active = $6, revision = revision + 1, updated_at = $7
        WHERE id = $1 RETURNING *)sql";
    auto made = tx.query(sql, id, after.key, after.name, after.description, after.config, after.is_active, tx.now()).one<Agent>();
    record(tx, cause, "agent.updated", id);
    audit::note_differences(cause, before, after);
    return {std::move(made), true};
}

std::vector<std::string> remove(Transaction& tx, const Cause& cause, AgentId id) {
    static constexpr std::string_view served = R"sql(
        SELECT d.key FROM agent_bindings b JOIN devices d ON d.id = b.device_id WHERE b.agent_id = $1 ORDER BY d.key)sql";
    auto devices = tx.query(served, id).all<std::string>();
    static constexpr std::string_view sql = R"sql(
        UPDATE agents SET deleted_at = $2, updated_at = $2, is_active = $3, revision = revision + 1 WHERE id = $1 AND deleted_at IS NULL
        RETURNING key)sql";
    const auto key = tx.query(sql, id, tx.now(), false).first<std::string>();
    if (!key) throw_not_found(tx, std::to_string(id.value));
    tx.execute("DELETE FROM agent_bindings WHERE agent_id = $1", id);
    record(tx, cause, "agent.deleted", id);
    audit::note_fact(cause, "key", *key);
    return devices;
}

Changed<AgentBinding> attach(Transaction& tx, const Cause& cause, AgentId agent, DeviceId device, const Attachment& how) {
    if (how.priority && (*how.priority < 0 || *how.priority > 1'000'000)) throw Error(Errc::invalid, "priority must be from 0 to 1000000");
    if (!devices::hold(tx, device)) throw Error(Errc::not_found, fmt::format("no device {}", device.value), "see wabot device list");
    hold(tx, agent);
    const auto others = attached_to(tx, device);
    const auto before = find_binding(tx, agent, device);
    if (!before && others.size() >= attached_max)
        throw Error(Errc::conflict, fmt::format("the device has {} agents, which is the most", attached_max), "detach one first");
    const bool has_primary = std::ranges::any_of(others, &AttachedAgent::is_primary);
    const bool is_primary = how.make_primary || !has_primary || (before && before->is_primary);
    const std::int64_t priority = how.priority.value_or(before ? before->priority : AgentBinding{}.priority);
    if (before && before->is_primary == is_primary && before->priority == priority) return {*before, false};
    if (is_primary) {
        static constexpr std::string_view demote =
            "UPDATE agent_bindings SET is_primary = $3, updated_at = $4 WHERE device_id = $1 AND agent_id <> $2 AND is_primary = $5";
        tx.execute(demote, device, agent, false, tx.now(), true);
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO agent_bindings (device_id, agent_id, priority, is_primary, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (device_id, agent_id) DO UPDATE SET priority = excluded.priority, is_primary = excluded.is_primary, updated_at = excluded.updated_at
        RETURNING *)sql";
    auto made = tx.query(sql, device, agent, priority, is_primary, tx.now()).one<AgentBinding>();
    record(tx, cause, "agent.attached", agent, device);
    return {std::move(made), true};
}

bool detach(Transaction& tx, const Cause& cause, AgentId agent, DeviceId device) {
    if (tx.execute("DELETE FROM agent_bindings WHERE device_id = $1 AND agent_id = $2", device, agent) == 0) return false;
    record(tx, cause, "agent.detached", agent, device);
    return true;
}

}  // namespace wabot::agents
