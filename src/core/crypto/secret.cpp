#include "core/crypto/secret.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hex.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

std::string Secret::fingerprint() const {
    if (empty()) return "not set";
    return fmt::format("set ({} bytes, sha256:{}…)", text_.size(), to_hex(sha256(text_).substr(0, 2)));
}

std::string_view fault_of_secret(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) return "begins with a byte order mark";
    if (text.find('\n') != std::string_view::npos) return "has a second line";
    const bool is_printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
    return is_printable ? "" : "holds white space or characters that are not ASCII";
}

std::string_view without_line_end(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

}  // namespace wabot
