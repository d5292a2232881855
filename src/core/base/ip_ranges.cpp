#include "core/base/ip_ranges.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace wabot {

namespace {

using AddressOctets = std::array<std::uint8_t, 16>;  // of IPv4 in the last four, behind the prefix that says so

constexpr AddressOctets mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int mapped_bits = 96;

bool is_mapped(const AddressOctets& octets) {
    return std::equal(octets.begin(), octets.begin() + mapped_bits / 8, mapped_prefix.begin());
}

std::optional<AddressOctets> read_address(std::string_view text) {
    const std::string copy(text);
    AddressOctets octets = mapped_prefix;
    if (inet_pton(AF_INET, copy.c_str(), &octets[mapped_bits / 8]) == 1) return octets;
    if (inet_pton(AF_INET6, copy.c_str(), octets.data()) == 1) return octets;
    return std::nullopt;
}

bool same_bits(const AddressOctets& a, const AddressOctets& b, int count) {
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
        const auto octets = read_address(part.substr(0, slash));
        if (!octets) return std::nullopt;
        const int before = part.find(':') == part.npos ? mapped_bits : 0;
        int length = 128 - before;
        if (slash < part.size()) {
            const std::string_view digits = part.substr(slash + 1);
            const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
            if (failed != std::errc{} || end != digits.data() + digits.size() || length < 0 || length > 128 - before) return std::nullopt;
        }
        out.ranges_.push_back({*octets, before + length});
    }
    return out;
}

bool AddressRanges::contains(std::string_view address) const {
    if (ranges_.empty()) return false;
    const auto octets = read_address(address);
    return octets && std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) { return same_bits(*octets, range.octets, range.length); });
}

std::optional<std::string> plain_address(std::string_view text) {
    const auto octets = read_address(text);
    if (!octets) return std::nullopt;
    char out[INET6_ADDRSTRLEN];
    const bool is_v4 = is_mapped(*octets);
    inet_ntop(is_v4 ? AF_INET : AF_INET6, octets->data() + (is_v4 ? mapped_bits / 8 : 0), out, sizeof out);
    return out;
}

std::string counted_address(std::string_view address) {
    auto octets = read_address(address);
    if (!octets || is_mapped(*octets)) return std::string(address);
    std::fill(octets->begin() + 8, octets->end(), std::uint8_t{0});
    char out[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, octets->data(), out, sizeof out);
    return std::string(out) + "/64";
}

}  // namespace wabot
