#include "server/http/connection_limiter.hpp"

#include "tests/catch.hpp"

using namespace wabot;

namespace {

struct LimiterFixture {
    Metrics metrics;
    HttpLimits limits{.connections_max = 3, .peer_connections_max = 2, .bodies_max = 100};
    ConnectionLimiter limiter{limits, metrics.gauge("open", "")};
};

}  // namespace

TEST_CASE_METHOD(LimiterFixture, "an address has so many connections, others and those that are exempt have theirs") {
    const auto first = limiter.enter("192.0.2.7");
    {
        const auto second = limiter.enter("192.0.2.7");
        CHECK(second.first == ConnectionLimiter::Answer::accepted);
        CHECK(limiter.enter("192.0.2.7").first == ConnectionLimiter::Answer::too_many_of_peer);
        CHECK(limiter.enter("192.0.2.8").first == ConnectionLimiter::Answer::accepted);
        const auto third = limiter.enter("");
        CHECK(third.first == ConnectionLimiter::Answer::accepted);
        CHECK(limiter.enter("").first == ConnectionLimiter::Answer::full);
    }
    CHECK(limiter.enter("192.0.2.7").first == ConnectionLimiter::Answer::accepted);
}

TEST_CASE_METHOD(LimiterFixture, "all bodies together have so much room, which is free again when they are answered or gone") {
    auto [answer, one] = limiter.enter("");
    {
        auto [answered, other] = limiter.enter("");
        CHECK(one.hold(60));
        CHECK(other.hold(40));
        CHECK_FALSE(other.hold(41));
        CHECK_FALSE(one.hold(61));
        CHECK(one.hold(10));
        CHECK(other.hold(90));
    }
    CHECK(one.hold(100));
    CHECK_FALSE(one.hold(101));
}
