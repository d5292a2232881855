#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/base/world.hpp"
#include "core/channels/channel.hpp"
#include "core/channels/delivery.hpp"
#include "core/channels/media_source.hpp"
#include "core/channels/send_errors.hpp"
#include "core/devices/device_registry.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

/// The channel of a device as it is configured now. Error{invalid} for a kind this version has none for.
std::unique_ptr<Channel> open_channel(const DeviceEntry& device, HttpClient& http, const World& world);

/// Where the media that came in on a device are fetched from, as it is configured now; nullptr for a kind that has none.
std::unique_ptr<MediaSource> open_media_source(const DeviceEntry& device, HttpClient& http, const World& world);

/// Reads a body that came in on a channel of that kind ("whatsapp", "sim"). An unknown kind is unreadable. Never throws.
Delivery read_delivery(std::string_view kind, std::string_view body, Time received_at);

/// What the events of all channels are told apart by, sorted: kinds, and what several of them begin with ("whatsapp.message.text",
/// "whatsapp.message").
std::set<std::string> webhook_kinds();

/// What is known of a provider's error code; null for an unknown one.
const SendErrorCode* find_send_error_code(int code);

}  // namespace wabot
