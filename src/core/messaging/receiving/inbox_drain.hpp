#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "core/base/random.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_registry.hpp"
#include "core/messaging/receiving/drain_log.hpp"

namespace wabot {

struct DrainOptions {
    std::chrono::milliseconds takeover_timeout;
    std::chrono::milliseconds media_wait;  // of a turn, for what came with its message
};

/// Takes the oldest bodies from the inbox and stores what they say: messages, statuses, notices. Parsing and sealing happen outside the unit.
/// `registry` says which devices share a secret; it is read anew when there are bodies. How many bodies it took; 0 = the inbox is empty; nullopt =
/// the batch was discarded: another worker holds the inbox, or a device changed meanwhile.
asio::awaitable<std::optional<std::size_t>> drain_inbox(Database& db, const Vault& vault, Random& random, DeviceRegistry& registry,
                                                        DrainLog& drain_log, DrainOptions options);

}  // namespace wabot
