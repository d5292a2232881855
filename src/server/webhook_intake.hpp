#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/base/log_throttle.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_registry.hpp"
#include "core/inbox/append_queue.hpp"

namespace wabot {

/// What takes messages in: the webhooks' way to the inbox. Outlives the server.
struct Intake {
    Database& db;
    AppendQueue appends;
    const Vault& vault;
    DeviceRegistry& registry;
    /// Called after something was stored; from any thread.
    std::function<void()> arrived;

    /// Looks for devices that were changed. True when the devices differ from `seen`.
    asio::awaitable<bool> reload(std::shared_ptr<const DeviceSnapshot> seen);

    /// Stores a body that `device` has verified; `by_its_path` when it came in on that device's own path. False when the device was changed
    /// meanwhile: it is to be verified again. Durable when it comes back.
    asio::awaitable<bool> store(std::string_view kind, std::string_view body, const DeviceEntry& device, bool by_its_path, std::string request_id);

    /// Stores a body that nobody signed; `device` of the path it came in on, if any. Durable when it comes back.
    asio::awaitable<void> store_unsigned(std::string_view kind, std::string_view body, std::optional<DeviceId> device, std::string request_id);

    /// Records a webhook with a wrong signature in the activity feed; `device` 0 when its path names none. At most once a second, so that
    /// unsigned requests cannot flood the database. Never throws.
    asio::awaitable<void> note_refusal(DeviceId device, std::string request_id, std::chrono::nanoseconds since_boot);
    LogThrottle refusal_noted = {};

    /// What both ways of storing end with: stores the body and calls `arrived`.
    asio::awaitable<inbox::Appended> append(inbox::Arrival arrival);
};

}  // namespace wabot
