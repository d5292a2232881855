#include "server/http/client_address.hpp"

#include "tests/catch.hpp"

using namespace wabot;

namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

std::string client_of(Headers headers, std::string_view peer = "10.0.0.1") {
    Request request;
    request.peer = peer;
    request.headers = std::move(headers);
    return forwarded_client(request, *AddressRanges::read("10.0.0.0/8, 2001:db8:ffff::/48"));
}

}  // namespace

TEST_CASE("nobody but a trusted proxy says who a client is") {
    CHECK(client_of({{"X-Forwarded-For", "198.51.100.1"}}) == "198.51.100.1");
    CHECK(client_of({{"X-Forwarded-For", "198.51.100.1"}}, "11.0.0.1").empty());
    CHECK(client_of({{"Forwarded", "for=198.51.100.1"}}, "127.0.0.1").empty());
    CHECK(client_of({{"X-Real-IP", "198.51.100.1"}}).empty());
    CHECK(client_of({}).empty());
}

TEST_CASE("the client is the last one named that is no trusted proxy") {
    CHECK(client_of({{"X-Forwarded-For", "127.0.0.1, 198.51.100.1"}}) == "198.51.100.1");
    CHECK(client_of({{"X-Forwarded-For", "127.0.0.1, 198.51.100.1, 10.9.9.9,10.2.2.2"}}) == "198.51.100.1");
    CHECK(client_of({{"X-Forwarded-For", "127.0.0.1"}, {"x-forwarded-for", "198.51.100.1"}}) == "198.51.100.1");
    CHECK(client_of({{"X-Forwarded-For", "2001:db8::7, 2001:db8:ffff::1"}}) == "2001:db8::7");
    CHECK(client_of({{"X-Forwarded-For", "10.1.1.1, 10.2.2.2"}}) == "10.1.1.1");
}

TEST_CASE("ports, brackets and quotes around an address are left out") {
    CHECK(client_of({{"X-Forwarded-For", "198.51.100.1:4711"}}) == "198.51.100.1");
    CHECK(client_of({{"X-Forwarded-For", "[2001:DB8::7]:4711"}}) == "2001:db8::7");
    CHECK(client_of({{"Forwarded", "proto=https;FOR=\"[2001:db8::7]:4711\";by=10.0.0.1"}}) == "2001:db8::7");
    CHECK(client_of({{"Forwarded", "for=127.0.0.1, for=198.51.100.1;proto=http, for=10.2.2.2"}}) == "198.51.100.1");
}

TEST_CASE("what is no address ends the search where it was") {
    const std::string word =
        GENERATE(as<std::string>{}, "unknown", "_hidden", "", "1.2.3", "198.51.100.1 198.51.100.2", "[", "[]", "\"", "for=1.2.3.4");
    CAPTURE(word);
    CHECK(client_of({{"X-Forwarded-For", word}}).empty());
    CHECK(client_of({{"X-Forwarded-For", "198.51.100.1, " + word + ", 10.2.2.2"}}) == "10.2.2.2");
}

TEST_CASE("Forwarded says nothing beside X-Forwarded-For") {
    CHECK(client_of({{"Forwarded", "for=127.0.0.1"}, {"X-Forwarded-For", "198.51.100.1"}}) == "198.51.100.1");
}
