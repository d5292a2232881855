#include "server/http/listen_address.hpp"

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("an address to listen on is a port, or host and port") {
    const auto [text, host, port] = GENERATE(table<std::string, std::string, int>({{"8000", "127.0.0.1", 8000},
                                                                                   {"0", "127.0.0.1", 0},
                                                                                   {"0.0.0.0:80", "0.0.0.0", 80},
                                                                                   {"[::1]:8000", "::1", 8000},
                                                                                   {"bot.example.net:65535", "bot.example.net", 65535}}));
    const ListenAddress address = read_listen_address(text);
    CHECK(address.host == host);
    CHECK(address.port == port);
    CHECK(read_listen_address(to_text(address)).host == host);
}

TEST_CASE("anything else is not an address to listen on") {
    const std::string text = GENERATE(as<std::string>{}, "", ":8000", "host:", "host", "65536", "-1", "8000x", "::1:8000", "[::1]", "[::1:8000",
                                      "[]:8000", "*:8000", "http://a:80");
    CAPTURE(text);
    CHECK_THROWS_AS(read_listen_address(text), Error);
}
