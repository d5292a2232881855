#include "core/http_client/public_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace wabot {

namespace {

/// The addresses that begin with `bits` bits of `bytes`.
template <std::size_t N>
struct Block {
    std::array<std::uint8_t, N> bytes;
    unsigned bits;

    bool has(const std::array<std::uint8_t, N>& address) const {
        const unsigned whole = bits / 8, rest = bits % 8;
        if (!std::equal(bytes.begin(), bytes.begin() + whole, address.begin())) return false;
        if (rest == 0) return true;
        const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - rest));
        return (bytes[whole] & mask) == (address[whole] & mask);
    }
};
using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

// IANA's registries of special-purpose addresses (RFC 6890 and its updates), and multicast.
constexpr Block<4> special_v4[] = {
    {{0}, 8},              // this network
    {{10}, 8},             // private
    {{100, 64}, 10},       // a carrier's
    {{127}, 8},            // this machine
    {{169, 254}, 16},      // the link; metadata services
    {{172, 16}, 12},       // private
    {{192, 0, 0}, 24},     // protocols
    {{192, 0, 2}, 24},     // documentation
    {{192, 88, 99}, 24},   // 6to4 relays
    {{192, 168}, 16},      // private
    {{198, 18}, 15},       // benchmarks
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 4},            // multicast
    {{240}, 4},            // reserved, broadcast
};
constexpr Block<16> global_v6 = {{0x20}, 3};  // all that is given out for hosts
constexpr Block<16> special_v6[] = {
    {{0x20, 0x01}, 23},              // protocols, Teredo
    {{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    {{0x3F, 0xFF}, 20},              // documentation
};
/// Which hold an address of IPv4, from byte `at` on.
struct Mapping {
    Block<16> block;
    std::size_t at;
};
constexpr Mapping mappings[] = {
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96}, 12},  // ::ffff:a.b.c.d
    {{{0x00, 0x64, 0xFF, 0x9B}, 96}, 12},                    // NAT64
    {{{0x20, 0x02}, 16}, 2},                                 // 6to4
};

bool is_public_v4(const V4& address) {
    return std::ranges::none_of(special_v4, [&](const Block<4>& block) { return block.has(address); });
}

bool is_public_v6(const V6& address) {
    for (const Mapping& mapping : mappings) {
        if (!mapping.block.has(address)) continue;
        V4 inner{};
        std::copy_n(address.begin() + static_cast<std::ptrdiff_t>(mapping.at), inner.size(), inner.begin());
        return is_public_v4(inner);
    }
    return global_v6.has(address) && std::ranges::none_of(special_v6, [&](const Block<16>& block) { return block.has(address); });
}

}  // namespace

bool is_public(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        V4 bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, bytes.size());
        return is_public_v4(bytes);
    }
    if (address.sa_family == AF_INET6) {
        V6 bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, bytes.size());
        return is_public_v6(bytes);
    }
    return false;
}

bool is_public(const std::string& address) {
    V4 v4{};
    if (::inet_pton(AF_INET, address.c_str(), v4.data()) == 1) return is_public_v4(v4);
    V6 v6{};
    return ::inet_pton(AF_INET6, address.c_str(), v6.data()) == 1 && is_public_v6(v6);
}

}  // namespace wabot
