#include "core/http_client/url.hpp"

#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("url: its parts are those that the client connects by") {
    const auto url = read_url("https://LookAside.Example.com/whatsapp?mid=1&hash=a%2Fb#part");
    REQUIRE(url);
    CHECK(url->scheme == "https");
    CHECK(url->host == "lookaside.example.com");
    CHECK(url->port == "443");
    CHECK_FALSE(url->has_user);
    CHECK(read_url("http://[::1]:8080/")->host == "[::1]");
    CHECK(read_url("http://[::1]:8080/")->port == "8080");
    CHECK(read_url("http://127.1/")->host == "127.0.0.1");
    CHECK(read_url("https://good.example.com@evil.example.net/")->host == "evil.example.net");
    CHECK(read_url("https://good.example.com@evil.example.net/")->has_user);
    CHECK(read_url("file:///etc/passwd")->scheme == "file");
    CHECK(read_url("gopher://example.com/")->scheme == "gopher");
}

TEST_CASE("url: what is none is not read") {
    for (const std::string text : {"", "no url", "https://", "http://a b/", "https://exa\nmple.com/"}) {
        CAPTURE(text);
        CHECK_FALSE(read_url(text));
    }
    CHECK_FALSE(read_url(std::string("https://example.com/\0x", 22)));
}

TEST_CASE("url: a relative one starts at another") {
    const Url base = read_url("https://example.com/a/b?c=d").value();
    CHECK(read_url("/e", &base)->text == "https://example.com/e");
    CHECK(read_url("e", &base)->text == "https://example.com/a/e");
    CHECK(read_url("http://127.0.0.1/x", &base)->host == "127.0.0.1");
    CHECK(read_url("//other.example.com/x", &base)->host == "other.example.com");
    CHECK(read_url("file:///etc/passwd", &base)->scheme == "file");
}

TEST_CASE("url: an origin is scheme, host and port") {
    const Url graph = read_url("https://graph.example.com").value();
    CHECK(read_url("https://GRAPH.example.com:443/v24.0/1")->is_of_origin(graph));
    CHECK_FALSE(read_url("http://graph.example.com/")->is_of_origin(graph));
    CHECK_FALSE(read_url("https://graph.example.com:8443/")->is_of_origin(graph));
    CHECK_FALSE(read_url("https://graph.example.com.evil.example/")->is_of_origin(graph));
}
