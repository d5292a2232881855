#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"
#include "core/devices/credentials.hpp"
#include "core/devices/device.hpp"
#include "core/devices/options.hpp"

namespace wabot {

/// A change of a device; absent members stay as they are.
struct DeviceChange {
    std::optional<std::string> key;  // made from the name when a new device has none
    std::optional<std::string> name;
    std::optional<std::string> description;   // empty = none
    std::optional<std::string> phone_number;  // "+49 151 ..."; empty = none
    devices::Assignments options;
    devices::Assignments secrets;
    std::optional<bool> is_active;
};

struct DeviceFilter {
    std::optional<DeviceKind> kind;
    std::optional<DeviceStatus> status;
};

/// What stops with a device. Its history stays.
struct DeviceUse {
    std::int64_t agents = 0;  // attached to it
    std::int64_t contacts = 0;
    std::int64_t conversations = 0;
    std::int64_t unfinished_sends = 0;
};

/// Devices that were not deleted. All of it blocking, inside `Database::read` and `write`.
namespace devices {

/// By id (all digits) or key.
std::optional<Device> find(Snapshot& db, std::string_view who);
std::optional<Device> find(Snapshot& db, DeviceId id);
/// The same, as it is until the unit ends.
std::optional<Device> hold(Transaction& tx, DeviceId id);
/// Error{not_found} names the nearest key.
Device get(Snapshot& db, std::string_view who);
/// In the order they were made.
std::vector<Device> list(Snapshot& db, const DeviceFilter& filter = {}, const Page& page = {});
DeviceUse use_of(Snapshot& db, DeviceId id);

/// Error{invalid} lists every fault; Error{conflict} when the key or the provider's account has a device already.
Device create(Transaction& tx, const Cause& cause, const Vault& vault, DeviceKind kind, const DeviceChange& change);
/// A device in `error` is `disconnected` again after new options or secrets, so that its queue moves on.
Changed<Device> update(Transaction& tx, const Cause& cause, const Vault& vault, DeviceId id, const DeviceChange& change);
/// The key and the provider's account are free again, the secrets are gone. Error{not_found} when it was deleted before.
DeviceUse remove(Transaction& tx, const Cause& cause, DeviceId id);

/// A person has seen to the account: a device in `error` is `disconnected` again and its queue moves on; refusals of what was on its way before say
/// nothing any more. One that is not in error stays as it is.
Changed<Device> resume(Transaction& tx, const Cause& cause, DeviceId id);
/// What to do about a device that stands in `error`.
std::string way_out_of_error(std::string_view key);

/// What a disabled device does not do, and how it is enabled again.
std::string way_out_of_disabled(std::string_view key);

/// What the channel found out. `error` comes with a reason: no secrets, no numbers of persons; `kind` is for it alone. Says whether that was news.
bool set_status(Transaction& tx, const Cause& cause, DeviceId id, DeviceStatus status, std::string_view reason = {},
                DeviceErrorKind kind = DeviceErrorKind::send_refused);

/// Sees to it that the account of the environment has a device, by the name of `whatsapp` when that is free; gives the device it made. One that
/// stands in `error` with the environment's token gets another try.
std::optional<Device> ensure_environment_device(Transaction& tx, const Cause& cause, const Vault& vault, const EnvironmentCredentials& environment);

}  // namespace devices

}  // namespace wabot
