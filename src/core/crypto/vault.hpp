#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/random.hpp"
#include "core/base/value.hpp"

namespace wabot {

/// Seals what must not stand in clear. AES-256-GCM under a key derived (HKDF-SHA256) from the master key; look-up hashes are HMAC-SHA256
/// under a second derived key. A ciphertext is: format byte 1, key id (4 bytes), nonce (12), ciphertext, tag (16). The associated data is
/// "table.column", so a value moved to another column does not open. Safe to use from several threads.
class Vault {
public:
    /// `master_key`: 64 hexadecimal digits. Error{invalid} for anything else; the message never shows the key.
    Vault(std::string_view master_key, Random& random);
    ~Vault();

    /// `text` in its normal form (E.164 digits with +, a JID, a provider's message id). last4 is its last four letters or digits.
    Sealed seal(std::string_view text, std::string_view associated_data) const;
    /// The keyed hash alone, to look a sealed value up by.
    Bytes hash(std::string_view text) const;
    /// Ciphertext only, for what is never looked up: raw bodies, credentials.
    Bytes seal_bytes(std::string_view plain, std::string_view associated_data) const;

    /// The plain text. Error{unavailable} when the value was sealed under a key we do not have, Error{bug} when it was tampered with.
    std::string open(const Bytes& enc, std::string_view associated_data) const;
    std::string open(const Sealed& value, std::string_view associated_data) const { return open(value.enc, associated_data); }

private:
    struct Keys;
    std::unique_ptr<Keys> keys_;
    Random& random_;
};

/// A new master key: 64 hexadecimal digits.
std::string new_master_key(Random& random);

/// HMAC-SHA256, 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);
/// SHA-256, 32 bytes.
std::string sha256(std::string_view text);
/// Compares in a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace wabot
