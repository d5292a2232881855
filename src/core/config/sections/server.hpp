#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "core/config/setting.hpp"
#include "core/crypto/secret.hpp"

namespace wabot {

/// The HTTP server.
struct ServerSettings {
    std::string host;
    std::uint16_t port = 0;
    std::int64_t webhook_body_max = 0;
    std::string trusted_proxies;
    std::chrono::milliseconds drain_timeout{};
    Secret metrics_token;
    bool allow_unsigned_webhooks = false;
};

std::span<const Setting> server_settings();

}  // namespace wabot
