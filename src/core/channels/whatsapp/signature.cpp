#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

namespace {

constexpr std::size_t challenge_max = 256;

/// The value of a parameter that stands there exactly once.
const std::string* only(const std::vector<std::pair<std::string, std::string>>& query, std::string_view name) {
    const std::string* found = nullptr;
    for (const auto& [key, value] : query) {
        if (key != name) continue;
        if (found != nullptr) return nullptr;
        found = &value;
    }
    return found;
}

/// Looks at every token, so that the time tells nothing about which one matched.
bool is_one_of(std::string_view token, std::span<const std::string> tokens) {
    bool matches = false;
    for (const std::string& known : tokens) matches |= equal_in_constant_time(token, known) && !known.empty();
    return matches;
}

}  // namespace

bool whatsapp_signature_matches(std::string_view header_value, std::string_view body, std::string_view app_secret) {
    constexpr std::string_view prefix = "sha256=";
    constexpr std::size_t digits = 64;
    if (app_secret.empty() || !header_value.starts_with(prefix) || header_value.size() != prefix.size() + digits) return false;
    const std::optional<std::string> digest = from_hex(header_value.substr(prefix.size()));
    return digest && equal_in_constant_time(*digest, hmac_sha256(app_secret, body));
}

std::optional<std::string> whatsapp_challenge(const std::vector<std::pair<std::string, std::string>>& query,
                                              std::span<const std::string> verify_tokens) {
    const std::string* const mode = only(query, "hub.mode");
    const std::string* const challenge = only(query, "hub.challenge");
    const std::string* const token = only(query, "hub.verify_token");
    if (mode == nullptr || challenge == nullptr || token == nullptr) return std::nullopt;
    if (*mode != "subscribe" || challenge->empty() || !is_one_of(*token, verify_tokens)) return std::nullopt;
    if (challenge->size() > challenge_max) throw Error(Errc::bad_request, "hub.challenge is longer than 256 bytes");
    return *challenge;
}

}  // namespace wabot
