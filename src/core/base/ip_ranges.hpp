#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wabot {

/// Addresses and networks, of IPv4 and IPv6. An IPv6 address that stands for one of IPv4 is that one.
class AddressRanges {
public:
    /// Of a text like "192.0.2.7, 10.0.0.0/8, 2001:db8::/32"; nullopt when a part is neither address nor network.
    static std::optional<AddressRanges> read(std::string_view text);

    /// False for what is no address.
    bool contains(std::string_view address) const;

private:
    struct Range {
        std::array<std::uint8_t, 16> bytes;
        int length;  // of the prefix, in bits
    };
    std::vector<Range> ranges_;
};

/// The address as it is written by everybody, or nullopt for what is none.
std::optional<std::string> plain_address(std::string_view text);

/// What limits by address count together: an address of IPv4; of IPv6 the 64 bits that one customer has for himself.
std::string counted_address(std::string_view address);

}  // namespace wabot
