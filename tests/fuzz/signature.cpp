#include "core/base/hex.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/crypto/vault.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

/// The value of the header; below it the parameters of a verification, a line each; below an empty line the body.
void signature(std::string_view input) {
    static const std::string secret = "a secret of the tests";
    static const std::string tokens[] = {"", "token-one", "token-two"};
    const std::string header(take_until(input, '\n'));
    std::vector<std::pair<std::string, std::string>> query;
    while (!input.empty()) {
        std::string_view line = take_until(input, '\n');
        if (line.empty()) break;
        const std::string name(take_until(line, '='));
        query.emplace_back(name, line);
    }

    const std::string right = "sha256=" + to_hex(hmac_sha256(secret, input));
    require(whatsapp_signature_matches(right, input, secret), "the right signature matches");
    require(!whatsapp_signature_matches(right, input, ""), "nothing matches without a secret");
    require(!whatsapp_signature_matches(right, std::string(input) + "x", secret), "a body that was changed does not match");
    if (header != right)
        require(!whatsapp_signature_matches(header, input, secret) || from_hex(header.substr(7)) == from_hex(right.substr(7)), "no other matches");
    const auto challenge = whatsapp_challenge(query, tokens);
    if (challenge) require(!challenge->empty() && challenge->size() <= 256, "a challenge has a limit");
}

}  // namespace wabot::fuzz
