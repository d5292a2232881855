#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/vault.hpp"
#include "core/devices/device.hpp"
#include "core/devices/options.hpp"

namespace wabot {

/// What a device proves itself and its provider with. Empty = not known.
struct Credentials {
    std::string access_token;
    std::string app_secret;                // signs webhooks
    std::string verify_token;              // answers the webhook's handshake
    std::string previous_app_secret = {};  // signs some of them too, while the app's secret is changed
};

/// The WhatsApp account that the environment names (`WHATSAPP_*`), read live and never stored.
struct EnvironmentCredentials {
    std::string phone_number_id;
    std::string access_token;
    std::string app_secret;
    std::string verify_token;
    std::string graph_url;
    std::string graph_version;
};

namespace devices {

/// The secrets a kind of device may have: `access_token`, `app_secret`, `previous_app_secret`, `verify_token`; none for a
/// simulator.
std::span<const std::string_view> secret_names(DeviceKind kind);

/// The stored secrets with the assignments made, sealed again; nullopt when none is left. Line ends around a value are dropped. Faults are
/// located as "secrets.<name>" and never show a value.
std::optional<Bytes> assign_secrets(DeviceKind kind, const std::optional<Bytes>& sealed, const Assignments& assignments, const Vault& vault,
                                    std::vector<Fault>& faults);

/// The names of the secrets a device holds itself.
std::vector<std::string> stored_secrets(const Device& device, const Vault& vault);

/// Each secret: the device's own, else the environment's when that names the same number. Error{unavailable} when the device's are sealed under
/// a key we do not have.
Credentials credentials_of(const Device& device, const Vault& vault, const EnvironmentCredentials& environment);

}  // namespace devices

}  // namespace wabot
