#include "core/base/base64.hpp"

#include <algorithm>

namespace wabot {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    unsigned bits = 0, held = 0;
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    for (const char c : text) {
        const auto digit = alphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xFFFFU;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> held & 0xFFU);
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned bits = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) bits = bits << 8U | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) out += j <= count ? alphabet[bits >> (18U - 6U * j) & 0x3FU] : '=';
    }
    return out;
}

}  // namespace wabot
