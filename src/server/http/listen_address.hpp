#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wabot {

struct ListenAddress {
    std::string host;  // name or number, without brackets
    std::uint16_t port = 0;
};

/// `8000` (on 127.0.0.1), `127.0.0.1:8000`, `[::1]:8000`, `host:8000`. Error{invalid} for anything else.
ListenAddress read_listen_address(std::string_view text);

/// The reverse, with brackets around an IPv6 address.
std::string to_text(const ListenAddress& address);

}  // namespace wabot
