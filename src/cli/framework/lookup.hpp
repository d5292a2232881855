#pragma once

#include <optional>
#include <string>

#include "cli/framework/runtime.hpp"
#include "core/contacts/contact.hpp"
#include "core/devices/device.hpp"

namespace wabot::cli {

/// The device that was named; Error{not_found}.
Device named_device(Runtime& rt, const std::string& who);
/// The id of the device that was named, 0 when none was.
DeviceId device_filter(Runtime& rt, const std::optional<std::string>& who);
/// The device that was named, else the only one there is. CommandExit{usage} when there are several.
Device device_or_only(Runtime& rt, const std::optional<std::string>& who);

/// Adds `window_open_until` where a device has a 24-hour window: null when it is closed.
void add_window(Json& object, Runtime& rt, const Contact& contact);

/// The id that a word is. CommandExit{usage} for anything but digits.
std::int64_t id_of(std::string_view noun, const std::string& word);

/// A file, or what comes on stdin for "-". Error{not_found}, Error{unavailable}, Error{too_large}.
std::string read_input(const std::string& file, std::size_t size_max);

}  // namespace wabot::cli
