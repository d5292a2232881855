#pragma once

#include <optional>

#include "core/contacts/contact.hpp"
#include "core/devices/device.hpp"

namespace wabot {

/// Whether a device may write only templates to who has not written for a while.
bool has_window(DeviceKind kind);

/// Until when anything else may be written: WhatsApp's 24 hours since the contact last wrote, less a margin for what is on its way. None when it
/// never wrote, and where nothing is limited.
std::optional<Time> window_end(DeviceKind kind, const std::optional<Time>& last_incoming_at);

/// Error{rejected} says since when it is closed, and the way out.
void require_window(DeviceKind kind, const Contact& contact, Time now);

}  // namespace wabot
