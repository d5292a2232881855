#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"

namespace wabot {

WABOT_ENUM(DeviceKind, whatsapp, gateway, twilio, telegram, web, sim)
WABOT_ENUM(DeviceStatus, qr_pending, connected, disconnected, error)
/// What put a device in `error`: the provider's news of its account, which news may lift, or a refusal of what it sent.
WABOT_ENUM(DeviceErrorKind, account_event, send_refused)

namespace device_words {
inline constexpr std::string_view kinds[] = {"whatsapp", "sim"};
inline constexpr std::string_view statuses[] = {"connected", "disconnected", "error"};
}  // namespace device_words
template <>
inline constexpr std::span<const std::string_view> served_words<DeviceKind> = device_words::kinds;
template <>
inline constexpr std::span<const std::string_view> served_words<DeviceStatus> = device_words::statuses;

/// A connected account on any channel.
struct Device {
    DeviceId id;
    std::string key;
    std::string name;
    std::optional<std::string> description;
    DeviceKind kind = DeviceKind::whatsapp;
    JsonText options;
    std::optional<Bytes> secrets;
    std::optional<std::string> provider_ref;
    std::optional<Sealed> phone_number;
    DeviceStatus status = DeviceStatus::disconnected;
    std::optional<DeviceErrorKind> error_kind;
    std::optional<std::string> last_error;
    std::optional<Time> connected_at;
    std::optional<Time> disconnected_at;
    std::optional<Time> last_seen_at;
    bool is_active = true;
    std::int64_t revision = 1;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Device, FIELD(id, .read_only = true), FIELD(key, .max = 100, .key = true, .doc = "Name in commands and links; not only digits"),
               FIELD(name, .max = 255), FIELD(description, .max = 2000, .wide = true), FIELD(kind, .read_only = true, .doc = "The channel"),
               FIELD(options, .wide = true, .doc = "Options of this kind of device; unknown options are refused"), FIELD(secrets, .secret = true),
               FIELD(provider_ref, .read_only = true, .wide = true, .doc = "Account id at the provider; WhatsApp: the phone number id"),
               FIELD(phone_number, .wide = true, .sealed = "devices.phone_number"), FIELD(status, .read_only = true),
               FIELD(error_kind, .read_only = true, .wide = true, .doc = "What set the status to error"),
               FIELD(last_error, .read_only = true, .wide = true, .doc = "Why the status is error"),
               FIELD(connected_at, .read_only = true, .wide = true), FIELD(disconnected_at, .read_only = true, .wide = true),
               FIELD(last_seen_at, .read_only = true, .wide = true), FIELD(is_active),
               FIELD(revision, .read_only = true, .wide = true, .doc = "Increases with every change of the configuration"),
               FIELD(created_at, .read_only = true, .wide = true), FIELD(updated_at, .read_only = true, .wide = true))

}  // namespace wabot
