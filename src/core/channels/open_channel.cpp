#include "core/channels/open_channel.hpp"

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/channels/sim/sim.hpp"
#include "core/channels/whatsapp/codes.hpp"
#include "core/channels/whatsapp/events.hpp"
#include "core/channels/whatsapp/media.hpp"

namespace wabot {

namespace {

WhatsappAccount whatsapp_account(const DeviceEntry& device) {
    return {device.options.graph_url, device.options.graph_version, device.options.phone_number_id, device.credentials.access_token};
}

}  // namespace

std::unique_ptr<Channel> open_channel(const DeviceEntry& device, HttpClient& http, const World& world) {
    switch (device.kind) {
        case DeviceKind::whatsapp: return std::make_unique<WhatsappChannel>(whatsapp_account(device), http, world.clock, world.random);
        case DeviceKind::sim: return std::make_unique<SimChannel>(world.random);
        default: throw Error(Errc::invalid, "this version cannot send on a device of kind " + std::string(to_word(device.kind)));
    }
}

std::unique_ptr<MediaSource> open_media_source(const DeviceEntry& device, HttpClient& http, const World& world) {
    if (device.kind != DeviceKind::whatsapp) return nullptr;
    return std::make_unique<WhatsappMedia>(whatsapp_account(device), device.options.media_hosts, http, world.clock);
}

Delivery read_delivery(std::string_view kind, std::string_view body, Time received_at) {
    if (kind == "whatsapp") return read_whatsapp_delivery(body, received_at);
    if (kind == "sim") return read_sim_delivery(body, received_at);
    Delivery unknown;
    unknown.unreadable = "this version has no channel of that kind";
    return unknown;
}

const SendErrorCode* find_send_error_code(int code) {
    return find_whatsapp_code(code);
}

std::set<std::string> webhook_kinds() {
    return whatsapp_event_kinds();
}

}  // namespace wabot
