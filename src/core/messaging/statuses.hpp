#pragma once

#include <string>

#include "core/base/cause.hpp"
#include "core/channels/delivery.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_id.hpp"
#include "core/messaging/ids.hpp"

namespace wabot::statuses {

/// A status with its ids sealed, ready for the unit.
struct Sealable {
    StatusUpdate update;
    Sealed provider_id;    // under messages::id_data
    Bytes recipient_hash;  // of a group's participant; empty otherwise
};

/// Keeps the status, settles the send it names and moves its message. False when it was there already.
bool apply(Transaction& tx, const Cause& cause, DeviceId device, const Sealable& status);

/// The message of a provider id has become known: joins the statuses that came before it.
void join_early(Transaction& tx, DeviceId device, const Bytes& provider_id_hash, MessageId message);

/// Joins the latest statuses that missed their message: where units run side by side, a status and the answer to its send may not see each other.
void join_leftovers(Transaction& tx);

}  // namespace wabot::statuses
