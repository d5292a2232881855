#include "core/crypto/secret.hpp"

#include <fmt/format.h>

#include "core/base/hex.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

std::string Secret::fingerprint() const {
    if (empty()) return "not set";
    return fmt::format("set ({} bytes, sha256:{}…)", text_.size(), to_hex(sha256(text_).substr(0, 2)));
}

}  // namespace wabot
