#include "core/channels/open_channel.hpp"

#include "core/base/error.hpp"
#include "core/channels/sim.hpp"
#include "core/channels/whatsapp.hpp"

namespace wabot {

std::unique_ptr<Channel> open_channel(const DeviceEntry& device, HttpClient& http, const World& world) {
    switch (device.kind) {
        case DeviceKind::whatsapp: {
            WhatsappAccount account{device.options.graph_url, device.options.graph_version, device.options.phone_number_id,
                                    device.credentials.access_token};
            return std::make_unique<WhatsappChannel>(std::move(account), http, world.clock, world.random);
        }
        case DeviceKind::sim: return std::make_unique<SimChannel>(world.random);
        default: throw Error(Errc::invalid, "this version cannot send on a device of kind " + std::string(to_word(device.kind)));
    }
}

Delivery read_delivery(std::string_view kind, std::string_view body, Time received_at) {
    if (kind == "whatsapp") return read_whatsapp_delivery(body, received_at);
    if (kind == "sim") return read_sim_delivery(body, received_at);
    Delivery unknown;
    unknown.unreadable = "this version knows no channel of that kind";
    return unknown;
}

}  // namespace wabot
