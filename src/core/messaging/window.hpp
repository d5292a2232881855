#pragma once

#include <optional>

#include "core/contacts/contact.hpp"
#include "core/devices/device.hpp"

namespace wabot {

/// Until when anything but a template may be written to the contact: WhatsApp's 24 hours since it last wrote, less a margin for what is on its way.
/// None where nothing is limited, or the contact never wrote: `is_limited` tells them apart.
bool is_limited(DeviceKind kind);
std::optional<Time> window_end(DeviceKind kind, const std::optional<Time>& last_incoming_at);

/// Error{rejected} says since when it is closed, and the way out.
void require_window(DeviceKind kind, const Contact& contact, Time now);

}  // namespace wabot
