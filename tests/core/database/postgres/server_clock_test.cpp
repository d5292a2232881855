#include "core/database/postgres/server_clock.hpp"

#include "tests/catch.hpp"

using namespace wabot;
using namespace std::chrono_literals;

TEST_CASE("server clock: it goes on by itself for a second and is read anew then", "[server_clock]") {
    const ServerClock::Instant start(1000h);
    const Time noon(1'767'614'400s);
    ServerClock clock;
    CHECK_FALSE(clock.at(start));
    CHECK(clock.note(noon, start, start + 10ms) == noon + 5ms);  // read half way
    CHECK(clock.at(start + 100ms) == noon + 95ms);
    CHECK(clock.at(start + 1005ms) == noon + 1s);
    CHECK_FALSE(clock.at(start + 1006ms));
}

TEST_CASE("server clock: it never goes back, but follows one that was set back", "[server_clock]") {
    const ServerClock::Instant start(1000h);
    const Time noon(1'767'614'400s);
    ServerClock clock;
    clock.note(noon, start, start);
    CHECK(clock.at(start + 900ms) == noon + 900ms);
    SECTION("for whoever asks about an instant before the last one") {
        CHECK(clock.at(start + 800ms) == noon + 900ms);
    }
    SECTION("when a reading says less") {
        CHECK(clock.note(noon + 700ms, start + 1s, start + 1s) == noon + 900ms);
        CHECK(clock.at(start + 1100ms) == noon + 900ms);
        CHECK(clock.at(start + 1300ms) == noon + 1s);
    }
    SECTION("when of two readings that were under way together the older one comes last") {
        CHECK(clock.note(noon + 1s, start + 1s, start + 1s) == noon + 1s);
        CHECK(clock.note(noon + 800ms, start + 900ms, start + 1050ms) == noon + 1050ms);
    }
    SECTION("by an hour") {
        CHECK(clock.note(noon - 1h, start + 1s, start + 1s) == noon - 1h);
        CHECK(clock.at(start + 1100ms) == noon - 1h + 100ms);
    }
}
