#include "core/http_client/public_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/catch.hpp"

using namespace wabot;

namespace {

bool is_public_socket(const std::string& text) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) return is_public(reinterpret_cast<const sockaddr&>(v4));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    REQUIRE(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
    return is_public(reinterpret_cast<const sockaddr&>(v6));
}

}  // namespace

TEST_CASE("public address: hosts of the Internet are public") {
    for (const std::string text :
         {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1", "223.255.255.255", "2606:4700::1",
          "2a03:2880:f012::1", "2001:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1"}) {
        CAPTURE(text);
        CHECK(is_public(text));
        CHECK(is_public_socket(text));
    }
}

TEST_CASE("public address: everything else is not") {
    for (const std::string text : {"0.0.0.0",
                                   "0.1.2.3",
                                   "10.0.0.1",
                                   "100.64.0.1",
                                   "100.127.255.255",
                                   "127.0.0.1",
                                   "127.255.255.254",
                                   "169.254.169.254",
                                   "172.16.0.1",
                                   "172.31.255.255",
                                   "192.0.0.8",
                                   "192.0.2.1",
                                   "192.168.1.1",
                                   "198.18.0.1",
                                   "198.19.255.255",
                                   "198.51.100.7",
                                   "203.0.113.7",
                                   "224.0.0.1",
                                   "239.255.255.255",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "::",
                                   "::1",
                                   "fe80::1",
                                   "fc00::1",
                                   "fd00:ec2::254",
                                   "ff02::1",
                                   "2001:db8::1",
                                   "2001::1",
                                   "3fff::1",
                                   "::ffff:127.0.0.1",
                                   "::ffff:169.254.169.254",
                                   "::127.0.0.1",
                                   "64:ff9b::10.0.0.1",
                                   "64:ff9b:1::1",
                                   "2002:7f00:0001::1",
                                   "100::1"}) {
        CAPTURE(text);
        CHECK_FALSE(is_public(text));
        CHECK_FALSE(is_public_socket(text));
    }
    for (const std::string text : {"", "localhost", "1.1.1", "0x7f.1", "/run/socket"}) CHECK_FALSE(is_public(text));
}
