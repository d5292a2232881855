#include "server/http/auth_failure_limiter.hpp"

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace wabot;
using namespace std::chrono_literals;

TEST_CASE("an address may fail so many times a second, and again in the next") {
    AuthFailureLimiter limit;
    for (int i = 0; i < AuthFailureLimiter::per_second; ++i) REQUIRE(limit.spend("192.0.2.7", 10s + i * 1ms));
    CHECK_FALSE(limit.spend("192.0.2.7", 10'999ms));
    CHECK(limit.spend("192.0.2.8", 10'999ms));
    CHECK(limit.spend("192.0.2.7", 11s));
}

TEST_CASE("the addresses of one IPv6 network fail together") {
    AuthFailureLimiter limit;
    for (int i = 0; i < AuthFailureLimiter::per_second; ++i) REQUIRE(limit.spend(fmt::format("2001:db8::{:x}", i), 10s));
    CHECK_FALSE(limit.spend("2001:db8::ffff:1", 10s));
    CHECK(limit.spend("2001:db8:0:1::1", 10s));
}

TEST_CASE("no more addresses are remembered than there is room for") {
    AuthFailureLimiter limit;
    for (std::size_t i = 0; i < AuthFailureLimiter::addresses_max; ++i) REQUIRE(limit.spend(fmt::format("10.0.{}.{}", i / 256, i % 256), 10s));
    CHECK_FALSE(limit.spend("192.0.2.7", 10s));
    CHECK(limit.spend("10.0.0.0", 10s));
    CHECK(limit.spend("192.0.2.7", 11s));
}
