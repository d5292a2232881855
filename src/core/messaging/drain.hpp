#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>

#include "core/base/clock.hpp"
#include "core/base/vault.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_id.hpp"

namespace wabot {

/// Whether what was verified with the secret of one device may be for the other. Called on a thread of the database.
using SpeaksFor = std::function<bool(DeviceId verified_by, DeviceId named)>;

/// Takes the oldest bodies from the inbox and stores what they say: messages, statuses, notices. Parsing and sealing happen outside the unit.
/// How many bodies it took; 0 = the inbox is empty.
asio::awaitable<std::size_t> drain(Database& db, const Vault& vault, Random& random, SpeaksFor speaks_for,
                                   std::chrono::milliseconds takeover_timeout);

}  // namespace wabot
