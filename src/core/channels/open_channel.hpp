#pragma once

#include <memory>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/channels/channel.hpp"
#include "core/channels/delivery.hpp"
#include "core/channels/media_source.hpp"
#include "core/devices/device_registry.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

/// The channel of a device as it is configured now. Error{invalid} for a kind this version has none for.
std::unique_ptr<Channel> open_channel(const DeviceEntry& device, HttpClient& http, const World& world);

/// Where the media that came in on a device are fetched from, as it is configured now; nullptr for a kind that has none.
std::unique_ptr<MediaSource> open_media_source(const DeviceEntry& device, HttpClient& http, const World& world);

/// Reads a body that came in on a channel of that kind ("whatsapp", "sim"). An unknown kind is unreadable. Never throws.
Delivery read_delivery(std::string_view kind, std::string_view body, Time received_at);

/// Longest text that one send of any channel here may carry, in characters.
inline constexpr std::size_t text_part_max = 4096;

}  // namespace wabot
