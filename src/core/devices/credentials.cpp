#include "core/devices/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "core/crypto/secret.hpp"

namespace wabot::devices {

namespace {

constexpr std::string_view sealed_as = "devices.secrets";
constexpr std::size_t secret_bytes_max = 4096;

Json open_secrets(const std::optional<Bytes>& sealed, const Vault& vault) {
    return sealed && !sealed->empty() ? read_json(vault.open(*sealed, sealed_as)) : Json::object();
}

std::string unknown_secret(DeviceKind kind, std::string_view name) {
    const auto known = secret_names(kind);
    if (known.empty()) return fmt::format("is not a secret: {} devices have none", to_word(kind));
    const std::string near = did_you_mean(name, known);
    return fmt::format("is not a secret of {} devices; {}", to_word(kind), near.empty() ? fmt::format("they have {}", fmt::join(known, ", ")) : near);
}

}  // namespace

std::span<const std::string_view> secret_names(DeviceKind kind) {
    static constexpr std::string_view whatsapp[] = {"access_token", "app_secret", "previous_app_secret", "verify_token"};
    if (kind == DeviceKind::whatsapp) return whatsapp;
    return {};
}

std::optional<Bytes> assign_secrets(DeviceKind kind, const std::optional<Bytes>& sealed, const Assignments& assignments, const Vault& vault,
                                    std::vector<Fault>& faults) {
    if (assignments.empty()) return sealed;
    const Json before = open_secrets(sealed, vault);
    Json secrets = before;
    const auto known = secret_names(kind);
    for (const auto& [name, given] : assignments) {
        const std::string where = "secrets." + name;
        const std::string_view value = without_line_end(given);
        if (std::ranges::find(known, name) == known.end())
            faults.push_back({where, unknown_secret(kind, name), "unknown"});
        else if (value.empty())
            secrets.erase(name);
        else if (value.size() > secret_bytes_max)
            faults.push_back({where, fmt::format("is longer than {} bytes", secret_bytes_max), "length"});
        else if (const auto fault = fault_of_secret(value); !fault.empty())
            faults.push_back({where, std::string(fault), "value"});
        else
            secrets[name] = std::string(value);
    }
    // Sealing makes a new nonce each time: the same secrets must stay the same bytes, or asking twice would look like a change.
    if (secrets == before) return sealed;
    if (secrets.empty()) return std::nullopt;
    return vault.seal_bytes(write_json(secrets), sealed_as);
}

std::vector<std::string> stored_secrets(const Device& device, const Vault& vault) {
    const Json secrets = open_secrets(device.secrets, vault);
    std::vector<std::string> names;
    for (const auto& item : secrets.items()) names.push_back(item.key());
    return names;
}

Credentials credentials_of(const Device& device, const Vault& vault, const EnvironmentCredentials& environment) {
    const Json secrets = open_secrets(device.secrets, vault);
    const bool from_environment =
        device.kind == DeviceKind::whatsapp && !environment.phone_number_id.empty() && device.provider_ref == environment.phone_number_id;
    const auto pick = [&](std::string_view name, const std::string& live) {
        const auto own = secrets.find(name);
        if (own != secrets.end() && own->is_string()) return own->get<std::string>();
        return from_environment ? live : std::string();
    };
    return {pick("access_token", environment.access_token), pick("app_secret", environment.app_secret),
            pick("verify_token", environment.verify_token), pick("previous_app_secret", {})};
}

}  // namespace wabot::devices
