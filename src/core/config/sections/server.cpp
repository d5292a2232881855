#include "core/config/sections/server.hpp"

#include "core/base/ip_ranges.hpp"
#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

namespace {

std::string check_addresses(std::string_view text) {
    return AddressRanges::read(text) ? "" : "must be addresses or networks like 192.0.2.7 and 10.0.0.0/8, apart by commas";
}

}  // namespace

std::span<const Setting> server_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::server, &ServerSettings::host>("server.host", {.env = {"AI_MESSAGE_HOST"}, .fallback = "127.0.0.1",
            .doc = "Address on which serve listens."}),
        setting<&Settings::server, &ServerSettings::port>("server.port", {.env = {"AI_MESSAGE_PORT"}, .fallback = "8000", .most = 65535,
            .doc = "Port on which serve listens; 0 chooses a free port."}),
        setting<&Settings::server, &ServerSettings::webhook_body_max>("server.webhook_body_max", {.env = {"WABOT_WEBHOOK_BODY_MAX"}, .fallback = "4194304", .least = 3 * 1024 * 1024, .most = 64 * 1024 * 1024,
            .doc = "Largest accepted webhook body, in bytes. Providers send up to 3 MiB."}),
        setting<&Settings::server, &ServerSettings::trusted_proxies>("server.trusted_proxies", {.env = {"WABOT_TRUSTED_PROXIES"}, .check = check_addresses,
            .doc = "Addresses and networks of the reverse proxies in front of this server, separated by commas. They are exempt from the limits by address, and their X-Forwarded-For (Forwarded where that is missing) says who the client is; from anybody else both say nothing."}),
        setting<&Settings::server, &ServerSettings::drain_timeout>("server.drain_timeout", {.env = {"WABOT_DRAIN_TIMEOUT"}, .fallback = "25s", .most = day_ms, .reloadable = true,
            .doc = "Time that a stopping process gives running work to finish."}),
        setting<&Settings::server, &ServerSettings::metrics_token>("metrics.token", {.env = {"WABOT_METRICS_TOKEN"},
            .derived = "only clients on this machine get /metrics, and no request that came through a proxy",
            .doc = "Token that clients of /metrics must send, as Authorization: Bearer TOKEN."}),
        setting<&Settings::server, &ServerSettings::allow_unsigned_webhooks>("security.allow_unsigned_webhooks", {.env = {"WABOT_ALLOW_UNSIGNED_WEBHOOKS"}, .fallback = "false",
            .doc = "Accept webhooks without a signature from this machine: for development only."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
