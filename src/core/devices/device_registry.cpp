#include "core/devices/device_registry.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace wabot {

namespace {

template <class Matches>
std::shared_ptr<const DeviceEntry> first(const std::vector<std::shared_ptr<const DeviceEntry>>& entries, Matches matches) {
    const auto found = std::ranges::find_if(entries, [&](const auto& entry) { return matches(*entry); });
    return found == entries.end() ? nullptr : *found;
}

}  // namespace

bool share_secret(const DeviceEntry& one, const DeviceEntry& other) {
    if (one.id == other.id) return true;
    const Credentials &a = one.credentials, &b = other.credentials;
    const auto same = [](const std::string& secret, const std::string& another) { return !secret.empty() && secret == another; };
    return same(a.app_secret, b.app_secret) || same(a.app_secret, b.previous_app_secret) || same(a.previous_app_secret, b.app_secret) ||
           same(a.previous_app_secret, b.previous_app_secret);
}

DeviceSnapshot::DeviceSnapshot(std::int64_t version, std::vector<std::shared_ptr<const DeviceEntry>> entries)
    : version_(version), entries_(std::move(entries)) {}

std::shared_ptr<const DeviceEntry> DeviceSnapshot::find(DeviceId id) const {
    return first(entries_, [&](const DeviceEntry& entry) { return entry.id == id; });
}

std::shared_ptr<const DeviceEntry> DeviceSnapshot::find_active(DeviceId id) const {
    return first(entries_, [&](const DeviceEntry& entry) { return entry.id == id && entry.is_active; });
}

std::shared_ptr<const DeviceEntry> DeviceSnapshot::find_by_key(std::string_view key) const {
    return first(entries_, [&](const DeviceEntry& entry) { return entry.key == key; });
}

std::shared_ptr<const DeviceEntry> DeviceSnapshot::find_by_provider_ref(DeviceKind kind, std::string_view provider_ref) const {
    if (provider_ref.empty()) return nullptr;
    return first(entries_, [&](const DeviceEntry& entry) { return entry.kind == kind && entry.provider_ref == provider_ref; });
}

bool DeviceSnapshot::share_secret(DeviceId one, DeviceId other) const {
    if (one == other) return true;
    const auto a = find(one);
    const auto b = find(other);
    return a && b && wabot::share_secret(*a, *b);
}

DeviceRegistry::DeviceRegistry(const Vault& vault, EnvironmentCredentials environment)
    : vault_(vault),
      environment_(std::move(environment)),
      current_(std::make_shared<DeviceSnapshot>(-1, std::vector<std::shared_ptr<const DeviceEntry>>{})) {}

std::shared_ptr<const DeviceSnapshot> DeviceRegistry::now() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

bool DeviceRegistry::reload(Snapshot& db) {
    // Revisions only grow and rows stay, so their sum over all devices, deleted ones too, is a version of the whole.
    const auto version = db.query("SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM devices").one<std::int64_t>();
    const auto before = now();
    if (version == before->version()) return false;
    static constexpr std::string_view sql = "SELECT * FROM devices WHERE deleted_at IS NULL ORDER BY id";
    std::vector<std::shared_ptr<const DeviceEntry>> entries;
    for (const Device& device : db.query(sql).all<Device>()) {
        auto known = before->find(device.id);
        entries.push_back(known && known->revision == device.revision ? std::move(known) : entry_of(device));
    }
    auto fresh = std::make_shared<const DeviceSnapshot>(version, std::move(entries));
    const std::lock_guard lock(mutex_);
    if (current_->version() >= version) return false;  // another thread was quicker
    current_ = std::move(fresh);
    return true;
}

std::shared_ptr<const DeviceEntry> DeviceRegistry::entry_of(const Device& device) const {
    auto entry = std::make_shared<DeviceEntry>();
    entry->id = device.id;
    entry->key = device.key;
    entry->kind = device.kind;
    entry->revision = device.revision;
    entry->provider_ref = device.provider_ref.value_or("");
    entry->is_active = device.is_active;
    entry->options = devices::options_of(device, environment_.graph_url, environment_.graph_version);
    try {
        entry->credentials = devices::credentials_of(device, vault_, environment_);
    } catch (const Error& failure) {
        // One device sealed under a lost key must not take the others down.
        log::error("device secrets cannot be opened", {{"device", device.key}, {"reason", failure.what()}});
    }
    return entry;
}

}  // namespace wabot
