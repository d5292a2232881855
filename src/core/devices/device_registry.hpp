#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/vault.hpp"
#include "core/database/transaction.hpp"
#include "core/devices/credentials.hpp"
#include "core/devices/device.hpp"
#include "core/devices/options.hpp"

namespace wabot {

/// A device with its credentials opened: what the webhook handler and the channels work with.
struct DeviceEntry {
    DeviceId id;
    std::string key;
    DeviceKind kind;
    std::int64_t revision;
    std::string provider_ref;  // empty = none
    bool is_active = true;     // a disabled one takes webhooks, and sends nothing
    DeviceOptions options;
    Credentials credentials;  // all empty when they could not be opened
};

/// Whether it is one device, or two of one app: webhooks are signed by the app, and Meta may send those of all its numbers to one address.
bool share_secret(const DeviceEntry& one, const DeviceEntry& other);

/// All devices at one moment, disabled ones too; never changes.
class DeviceSnapshot {
public:
    explicit DeviceSnapshot(std::int64_t version, std::vector<std::shared_ptr<const DeviceEntry>> entries);

    /// Grows with every change of any device.
    std::int64_t version() const { return version_; }
    const std::vector<std::shared_ptr<const DeviceEntry>>& entries() const { return entries_; }

    std::shared_ptr<const DeviceEntry> find(DeviceId id) const;
    /// The same, if it is not disabled.
    std::shared_ptr<const DeviceEntry> find_active(DeviceId id) const;
    std::shared_ptr<const DeviceEntry> find_by_key(std::string_view key) const;
    std::shared_ptr<const DeviceEntry> find_by_provider_ref(DeviceKind kind, std::string_view provider_ref) const;
    /// The same of two devices by id; a deleted one shares with itself alone.
    bool share_secret(DeviceId one, DeviceId other) const;

private:
    std::int64_t version_;
    std::vector<std::shared_ptr<const DeviceEntry>> entries_;
};

/// The devices as the process knows them. Any thread may call any of it; a snapshot stays valid for as long as it is held.
class DeviceRegistry {
public:
    DeviceRegistry(const Vault& vault, EnvironmentCredentials environment);

    std::shared_ptr<const DeviceSnapshot> now() const;

    /// Reads what changed since the last time: one small query when nothing did. Says whether there is a new snapshot. Blocking.
    bool reload(Snapshot& db);

private:
    std::shared_ptr<const DeviceEntry> entry_of(const Device& device) const;

    const Vault& vault_;
    const EnvironmentCredentials environment_;
    mutable std::mutex mutex_;  // of the pointer
    std::shared_ptr<const DeviceSnapshot> current_;
};

}  // namespace wabot
