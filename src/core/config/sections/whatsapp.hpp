#pragma once

#include <span>
#include <string>

#include "core/config/setting.hpp"
#include "core/crypto/secret.hpp"

namespace wabot {

/// The WhatsApp account that the environment names, and the Graph API.
struct WhatsappSettings {
    Secret access_token;
    std::string phone_number_id;
    Secret verify_token;
    Secret app_secret;
    std::string graph_url;
    std::string graph_version;
};

std::span<const Setting> whatsapp_settings();

}  // namespace wabot
