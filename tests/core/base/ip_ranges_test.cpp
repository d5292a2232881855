#include "core/base/ip_ranges.hpp"

#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("ranges of addresses hold what lies in them, in either family") {
    const auto ranges = AddressRanges::read(" 192.0.2.7,10.0.0.0/8 , 2001:db8::/33, ::1");
    REQUIRE(ranges);
    const std::string inside = GENERATE(as<std::string>{}, "192.0.2.7", "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "2001:db8:7fff::1", "::1");
    CAPTURE(inside);
    CHECK(ranges->contains(inside));
    const std::string outside = GENERATE(as<std::string>{}, "192.0.2.6", "192.0.2.8", "9.255.255.255", "11.0.0.0",
                                         "2001:db8:8000::", "2001:db9::", "::2", "", "10.0.0.1:80", "ten", "0.0.0.1");
    CAPTURE(outside);
    CHECK_FALSE(ranges->contains(outside));
}

TEST_CASE("an empty list of ranges holds nothing, and /0 all of its family") {
    CHECK_FALSE(AddressRanges::read("")->contains("127.0.0.1"));
    CHECK(AddressRanges::read("0.0.0.0/0")->contains("198.51.100.1"));
    CHECK_FALSE(AddressRanges::read("0.0.0.0/0")->contains("2001:db8::1"));
}

TEST_CASE("what is no list of addresses is not read") {
    const std::string text = GENERATE(as<std::string>{}, "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0", "::/129",
                                      "1,,2", "10.0.0.1,,10.0.0.2", "10.0.0.1 10.0.0.2", "*", "/8", "10.0.0.0/8x");
    CAPTURE(text);
    CHECK_FALSE(AddressRanges::read(text));
}

TEST_CASE("limits count an address of IPv4 alone, and of IPv6 the network of one customer") {
    CHECK(counted_address("192.0.2.7") == "192.0.2.7");
    CHECK(counted_address("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    CHECK(counted_address("2001:db8:1:2::1") == counted_address("2001:db8:1:2:ffff::1"));
    CHECK(plain_address("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(plain_address("2001:DB8:0:0::1") == "2001:db8::1");
    CHECK_FALSE(plain_address("192.0.2.7:80"));
}
