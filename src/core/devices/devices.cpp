#include "core/devices/devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/audit/audit_draft.hpp"
#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"
#include "core/inbox/inbox.hpp"

namespace wabot::devices {

namespace {

constexpr std::string_view object = "device";

void record(Transaction& tx, const Cause& cause, std::string_view kind, DeviceId id) {
    changes::record(tx, cause, kind, object, id.value, id.value);
}

std::vector<std::string> some_keys(Snapshot& db) {
    return db.query("SELECT key FROM devices WHERE deleted_at IS NULL ORDER BY id LIMIT 200").all<std::string>();
}

[[noreturn]] void throw_not_found(Snapshot& db, std::string_view who) {
    throw_no_such(object, who, some_keys(db), "see wabot device list");
}

/// What of a device other code looks up by: the same everywhere it is written.
std::optional<std::string> provider_ref_of(DeviceKind kind, const Json& options) {
    if (kind != DeviceKind::whatsapp || !options.contains("phone_number_id")) return std::nullopt;
    return options["phone_number_id"].get<std::string>();
}

void read_text(std::optional<std::string>& field, const std::optional<std::string>& given) {
    if (!given) return;
    if (given->empty())
        field.reset();
    else
        field = *given;
}

void read_phone_number(Device& device, const std::optional<std::string>& given, const Vault& vault, std::vector<Fault>& faults) {
    if (!given) return;
    if (given->empty()) {
        device.phone_number.reset();
        return;
    }
    const auto number = to_e164(*given);
    if (!number)
        faults.push_back({"phone_number", "must be + and 7 to 15 digits, country code first", "value"});
    else if (!device.phone_number || device.phone_number->hash != vault.hash(*number))
        device.phone_number = vault.seal(*number, "devices.phone_number");
}

/// The device as `change` wants it, checked; nothing is written.
Device changed(const Device& before, const DeviceChange& change, const Vault& vault) {
    std::vector<Fault> faults;
    Device after = before;
    if (change.key) after.key = *change.key;
    if (change.name) after.name = *change.name;
    read_text(after.description, change.description);
    read_phone_number(after, change.phone_number, vault, faults);
    if (change.is_active) after.is_active = *change.is_active;
    check_key(after.key, faults);
    check_length("name", after.name, 1, 255, faults);
    check_length("description", after.description.value_or(""), 0, 2000, faults);
    const Json options = assign_options(before.kind, read_json(before.options.text), change.options, faults);
    after.options.text = write_json(options);
    after.provider_ref = provider_ref_of(before.kind, options);
    after.secrets = assign_secrets(before.kind, before.secrets, change.secrets, vault, faults);
    throw_if_any(object, faults);
    return after;
}

/// Before the unique indexes say it without names.
void refuse_duplicates(Transaction& tx, const Device& device) {
    const auto named =
        tx.query("SELECT id FROM devices WHERE key = $1 AND id <> $2 AND deleted_at IS NULL", device.key, device.id).first<std::int64_t>();
    if (named) throw Error(Errc::conflict, fmt::format("device {} already exists", device.key), "choose another key");
    if (!device.provider_ref) return;
    static constexpr std::string_view sql = "SELECT key FROM devices WHERE kind = $1 AND provider_ref = $2 AND id <> $3 AND deleted_at IS NULL";
    const auto same = tx.query(sql, device.kind, *device.provider_ref, device.id).first<std::string>();
    if (same) throw Error(Errc::conflict, fmt::format("device {} already has phone_number_id {}", *same, *device.provider_ref));
}

std::optional<Bytes> part(const std::optional<Sealed>& value, Bytes Sealed::*member) {
    return value ? std::optional((*value).*member) : std::nullopt;
}
std::optional<std::string> last4(const std::optional<Sealed>& value) {
    return value ? std::optional(value->last4) : std::nullopt;
}

/// A free key like `wanted`: itself, else with a number.
std::string free_key(Snapshot& db, const std::string& wanted) {
    const auto taken = db.query("SELECT key FROM devices WHERE deleted_at IS NULL AND key LIKE $1", wanted + "%").all<std::string>();
    std::string key = wanted;
    for (int n = 2; std::ranges::find(taken, key) != taken.end(); ++n) key = fmt::format("{}-{}", wanted, n);
    return key;
}

DeviceStatus first_status(DeviceKind kind) {
    // The simulator has no credentials that could be refused.
    return kind == DeviceKind::sim ? DeviceStatus::connected : DeviceStatus::disconnected;
}

bool same_configuration(const Device& a, const Device& b) {
    return a.key == b.key && a.name == b.name && a.description == b.description && a.options == b.options && a.secrets == b.secrets &&
           a.phone_number == b.phone_number && a.is_active == b.is_active;
}

}  // namespace

std::optional<Device> find(Snapshot& db, DeviceId id) {
    return db.query("SELECT * FROM devices WHERE id = $1 AND deleted_at IS NULL", id).first<Device>();
}

std::optional<Device> hold(Transaction& tx, DeviceId id) {
    return tx.query("SELECT * FROM devices WHERE id = $1 AND deleted_at IS NULL {for_update}", id).first<Device>();
}

std::optional<Device> find(Snapshot& db, std::string_view who) {
    if (const auto id = as_id(who)) return find(db, DeviceId{*id});
    return db.query("SELECT * FROM devices WHERE key = $1 AND deleted_at IS NULL", who).first<Device>();
}

Device get(Snapshot& db, std::string_view who) {
    auto device = find(db, who);
    if (!device) throw_not_found(db, who);
    return std::move(*device);
}

std::vector<Device> list(Snapshot& db, const DeviceFilter& filter, const Page& page) {
    Condition own;
    if (filter.kind) own.also("kind = ?", *filter.kind);
    if (filter.status) own.also("status = ?", *filter.status);
    return list_page<Device>(db, {.select = "SELECT * FROM devices WHERE deleted_at IS NULL"}, std::move(own), page);
}

DeviceUse use_of(Snapshot& db, DeviceId id) {
    const auto count = [&](std::string_view sql) { return db.query(sql, id).one<std::int64_t>(); };
    return {
        .agents = count("SELECT COUNT(*) FROM agent_bindings WHERE device_id = $1"),
        .contacts = count("SELECT COUNT(*) FROM contacts WHERE device_id = $1"),
        .conversations = count("SELECT COUNT(*) FROM conversations WHERE device_id = $1"),
        .unfinished_sends = count("SELECT COUNT(*) FROM sends WHERE device_id = $1 AND state IN ('queued', 'claimed', 'handing_over', 'uncertain')")};
}

Device create(Transaction& tx, const Cause& cause, const Vault& vault, DeviceKind kind, const DeviceChange& change) {
    if (!is_supported(kind))
        throw Error(Errc::invalid, fmt::format("there is no channel for {} devices yet", to_word(kind)), "choose whatsapp or sim");
    Device fresh;
    fresh.kind = kind;
    fresh.name = change.name.value_or(change.key.value_or(""));
    if (!change.key && !fresh.name.empty()) fresh.key = slug_of(fresh.name);
    const Device device = changed(fresh, change, vault);
    inbox::lock_inbox(tx);
    refuse_duplicates(tx, device);
    const DeviceStatus status = first_status(kind);
    const auto connected_at = status == DeviceStatus::connected ? std::optional(tx.now()) : std::nullopt;
    static constexpr std::string_view sql = R"sql(
        INSERT INTO devices (key, name, description, kind, options, secrets, provider_ref, phone_number_enc, phone_number_hash,
                             phone_number_last4, status, connected_at, is_active, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
        RETURNING *)sql";
    auto made = tx.query(sql, device.key, device.name, device.description, kind, device.options, device.secrets, device.provider_ref,
                         part(device.phone_number, &Sealed::enc), part(device.phone_number, &Sealed::hash), last4(device.phone_number), status,
                         connected_at, device.is_active, tx.now())
                    .one<Device>();
    record(tx, cause, "device.created", made.id);
    audit::note_fact(cause, "key", made.key);
    inbox::replay_unrouted(tx);  // what came for its account before it was there
    return made;
}

Changed<Device> update(Transaction& tx, const Cause& cause, const Vault& vault, DeviceId id, const DeviceChange& change) {
    inbox::lock_inbox(tx);
    const auto before = hold(tx, id);
    if (!before) throw_not_found(tx, std::to_string(id.value));
    const Device after = changed(*before, change, vault);
    if (same_configuration(*before, after)) return {*before, false};
    refuse_duplicates(tx, after);
    static constexpr std::string_view sql = R"sql(
        UPDATE devices SET key = $2, name = $3, description = $4, options = $5, secrets = $6, provider_ref = $7, phone_number_enc = $8,
               phone_number_hash = $9, phone_number_last4 = $10, is_active = $11, revision = revision + 1, updated_at = $12
        WHERE id = $1)sql";
    tx.execute(sql, id, after.key, after.name, after.description, after.options, after.secrets, after.provider_ref,
               part(after.phone_number, &Sealed::enc), part(after.phone_number, &Sealed::hash), last4(after.phone_number), after.is_active, tx.now());
    record(tx, cause, "device.updated", id);
    audit::note_differences(cause, *before, after);
    if (before->provider_ref != after.provider_ref) inbox::replay_unrouted(tx);
    const bool may_work_again = before->options != after.options || before->secrets != after.secrets;
    if (before->status == DeviceStatus::error && may_work_again) set_status(tx, cause, id, DeviceStatus::disconnected);
    return {*find(tx, id), true};
}

Changed<Device> resume(Transaction& tx, const Cause& cause, DeviceId id) {
    const auto device = hold(tx, id);
    if (!device) throw_not_found(tx, std::to_string(id.value));
    if (device->status != DeviceStatus::error) return {*device, false};
    tx.execute("UPDATE devices SET revision = revision + 1 WHERE id = $1", id);
    set_status(tx, cause, id, DeviceStatus::disconnected);
    return {*find(tx, id), true};
}

std::string way_out_of_error(std::string_view key) {
    return fmt::format(
        "a new token: wabot device update {0} --secret-from access_token=FILE; a wrong phone number id, or one that the token's user may not use: "
        "wabot device update {0} --option phone_number_id=ID; or fix the account at the provider, then: wabot device resume {0}",
        key);
}

std::string way_out_of_disabled(std::string_view key) {
    return fmt::format("device {0} is disabled: its messages are stored, none is answered or sent; wabot device enable {0} ends that", key);
}

DeviceUse remove(Transaction& tx, const Cause& cause, DeviceId id) {
    const DeviceUse use = use_of(tx, id);
    static constexpr std::string_view sql = R"sql(
        UPDATE devices SET deleted_at = $2, updated_at = $2, is_active = $3, status = $4, disconnected_at = $2, secrets = NULL,
               revision = revision + 1
        WHERE id = $1 AND deleted_at IS NULL
        RETURNING key)sql";
    const auto key = tx.query(sql, id, tx.now(), false, DeviceStatus::disconnected).first<std::string>();
    if (!key) throw_not_found(tx, std::to_string(id.value));
    tx.execute("DELETE FROM agent_bindings WHERE device_id = $1", id);
    record(tx, cause, "device.deleted", id);
    audit::note_fact(cause, "key", *key);
    return use;
}

bool set_status(Transaction& tx, const Cause& cause, DeviceId id, DeviceStatus status, std::string_view reason, DeviceErrorKind kind) {
    const auto last_error = reason.empty() ? std::nullopt : std::optional(std::string(reason));
    static constexpr std::string_view sql = R"sql(
        UPDATE devices SET status = $2, error_kind = CASE WHEN $2 = 'error' THEN $5 END, last_error = $3, updated_at = $4,
               connected_at = CASE WHEN $2 = 'connected' AND status <> 'connected' THEN $4 ELSE connected_at END,
               disconnected_at = CASE WHEN $2 <> 'connected' AND status = 'connected' THEN $4 ELSE disconnected_at END
        WHERE id = $1 AND deleted_at IS NULL AND (status <> $2 OR COALESCE(last_error, '') <> COALESCE($3, '')))sql";
    if (tx.execute(sql, id, status, last_error, tx.now(), kind) == 0) return false;
    record(tx, cause, fmt::format("device.{}", to_word(status)), id);
    return true;
}

std::optional<Device> ensure_environment_device(Transaction& tx, const Cause& cause, const Vault& vault, const EnvironmentCredentials& environment) {
    if (environment.phone_number_id.empty()) return std::nullopt;
    inbox::lock_inbox(tx);  // another process may be making it
    static constexpr std::string_view sql = "SELECT * FROM devices WHERE kind = 'whatsapp' AND provider_ref = $1 AND deleted_at IS NULL";
    const auto known = tx.query(sql, environment.phone_number_id).first<Device>();
    if (!known) {
        DeviceChange change;
        change.key = free_key(tx, "whatsapp");
        change.options = {{"phone_number_id", environment.phone_number_id}};
        return create(tx, cause, vault, DeviceKind::whatsapp, change);
    }
    const auto own = stored_secrets(*known, vault);
    const bool token_of_environment = std::ranges::find(own, "access_token") == own.end();
    if (known->status == DeviceStatus::error && token_of_environment) set_status(tx, cause, known->id, DeviceStatus::disconnected);
    return std::nullopt;
}

}  // namespace wabot::devices
