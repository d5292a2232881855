#include "core/config/sections/whatsapp.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

namespace {

std::string check_web_url(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://") ? "" : "must start with https:// or http://";
}

std::string check_graph_version(std::string_view text) {
    const bool right = text.size() >= 4 && text[0] == 'v' && text.find('.') != std::string_view::npos &&
                       text.find_first_not_of("0123456789.", 1) == std::string_view::npos;
    return right ? "" : "must be a version like v24.0";
}

std::string check_digits(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos ? "" : "must be digits only";
}

}  // namespace

std::span<const Setting> whatsapp_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::whatsapp, &WhatsappSettings::access_token>("whatsapp.access_token", {.env = {"WHATSAPP_ACCESS_TOKEN"}, .reloadable = true,
            .doc = "Access token of the WhatsApp Cloud API, from a system user."}),
        setting<&Settings::whatsapp, &WhatsappSettings::phone_number_id>("whatsapp.phone_number_id", {.env = {"WHATSAPP_PHONE_NUMBER_ID"}, .reloadable = true, .check = check_digits,
            .doc = "Id of the phone number at Meta, not the number itself."}),
        setting<&Settings::whatsapp, &WhatsappSettings::verify_token>("whatsapp.verify_token", {.env = {"WHATSAPP_VERIFY_TOKEN"}, .reloadable = true,
            .doc = "Verify token: Meta sends it when you register the webhook address. Any text of your choice."}),
        setting<&Settings::whatsapp, &WhatsappSettings::app_secret>("whatsapp.app_secret", {.env = {"WHATSAPP_APP_SECRET"}, .reloadable = true,
            .doc = "Secret of the Meta app. It signs the webhooks; without it no webhook is accepted."}),
        setting<&Settings::whatsapp, &WhatsappSettings::graph_url>("whatsapp.graph_url", {.env = {"WHATSAPP_GRAPH_URL"}, .fallback = "https://graph.facebook.com", .reloadable = true, .check = check_web_url,
            .doc = "Address of the Graph API."}),
        setting<&Settings::whatsapp, &WhatsappSettings::graph_version>("whatsapp.graph_version", {.env = {"WHATSAPP_GRAPH_VERSION"}, .fallback = "v24.0", .reloadable = true, .check = check_graph_version,
            .doc = "Version of the Graph API."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
