#include "core/base/ip_ranges.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace wabot {

namespace {

using AddressBytes = std::array<std::uint8_t, 16>;  // of IPv4 in the last four, behind the prefix that says so

constexpr AddressBytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int mapped_bits = 96;

bool is_mapped(const AddressBytes& bytes) {
    return std::equal(bytes.begin(), bytes.begin() + mapped_bits / 8, mapped_prefix.begin());
}

std::optional<AddressBytes> read_address(std::string_view text) {
    const std::string copy(text);
    AddressBytes bytes = mapped_prefix;
    if (inet_pton(AF_INET, copy.c_str(), &bytes[mapped_bits / 8]) == 1) return bytes;
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

bool same_bits(const AddressBytes& a, const AddressBytes& b, int count) {
    const auto whole = count / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const int rest = count % 8;
    return rest == 0 || ((a[static_cast<std::size_t>(whole)] ^ b[static_cast<std::size_t>(whole)]) >> (8 - rest)) == 0;
}

std::string_view without_spaces(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<AddressRanges> AddressRanges::read(std::string_view text) {
    AddressRanges out;
    text = without_spaces(text);
    while (!text.empty()) {
        const std::string_view part = without_spaces(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
        const std::size_t slash = std::min(part.find('/'), part.size());
        const auto bytes = read_address(part.substr(0, slash));
        if (!bytes) return std::nullopt;
        const int before = part.find(':') == part.npos ? mapped_bits : 0;
        int length = 128 - before;
        if (slash < part.size()) {
            const std::string_view digits = part.substr(slash + 1);
            const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
            if (failed != std::errc{} || end != digits.data() + digits.size() || length < 0 || length > 128 - before) return std::nullopt;
        }
        out.ranges_.push_back({*bytes, before + length});
    }
    return out;
}

bool AddressRanges::contains(std::string_view address) const {
    if (ranges_.empty()) return false;
    const auto bytes = read_address(address);
    return bytes && std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) { return same_bits(*bytes, range.bytes, range.length); });
}

std::optional<std::string> plain_address(std::string_view text) {
    const auto bytes = read_address(text);
    if (!bytes) return std::nullopt;
    char out[INET6_ADDRSTRLEN];
    const bool is_v4 = is_mapped(*bytes);
    inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes->data() + (is_v4 ? mapped_bits / 8 : 0), out, sizeof out);
    return out;
}

std::string counted_address(std::string_view address) {
    auto bytes = read_address(address);
    if (!bytes || is_mapped(*bytes)) return std::string(address);
    std::fill(bytes->begin() + 8, bytes->end(), std::uint8_t{0});
    char out[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes->data(), out, sizeof out);
    return std::string(out) + "/64";
}

}  // namespace wabot
