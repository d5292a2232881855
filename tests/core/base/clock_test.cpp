#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/timers.hpp"
#include "core/base/world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <set>

#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

namespace wabot {

using namespace std::chrono_literals;

TEST_CASE("clock: a time is written as ISO 8601 in UTC and read back", "[base]") {
    const auto* const iso = GENERATE("2026-01-05T12:00:00Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T00:00:00.000001Z", "0001-01-01T00:00:00Z");
    REQUIRE(from_iso(iso));
    CHECK(to_iso(*from_iso(iso)) == iso);
    CHECK(to_iso(Time(1500ms)) == "1970-01-01T00:00:01.500000Z");
    CHECK(from_iso("2026-01-05T12:00:00.5Z") == from_iso("2026-01-05T12:00:00.500000Z"));
}

TEST_CASE("clock: what is not exactly an ISO time in UTC is refused", "[base]") {
    const auto* const text =
        GENERATE("", "2026-01-05", "2026-01-05 12:00:00Z", "2026-01-05T12:00:00", "2026-01-05T12:00:00+00:00", "2026-02-29T00:00:00Z",
                 "2026-13-01T00:00:00Z", "2026-01-05T24:00:00Z", "2026-01-05T12:60:00Z", "2026-01-05T12:00:60Z", "2026-01-05T12:00:00.Z",
                 "2026-01-05T12:00:00.1234567Z", "2026-01-05T12:00:00Zz", "+026-01-05T12:00:00Z", "2026-1-05T12:00:00Z");
    CHECK_FALSE(from_iso(text));
}

TEST_CASE("clock: the machine's monotonic time does not go back, and its timers wait", "[base]") {
    World& world = real_world();
    const auto before = world.clock.since_boot();
    asio::io_context io;
    auto waited = asio::co_spawn(io, world.timers.after(2ms), asio::use_future);
    io.run();
    CHECK(waited.get());
    CHECK(world.clock.since_boot() - before >= 2ms);
}

TEST_CASE("clock: a cancelled wait ends at once with false", "[base]") {
    test::FakeWorld fake;
    Timers& timers = GENERATE_REF(0, 1) == 0 ? real_world().timers : fake.timers;
    asio::io_context io;
    asio::cancellation_signal signal;
    std::optional<bool> answer;
    auto wait = [&]() -> asio::awaitable<void> { answer = co_await timers.after(24h); };
    asio::co_spawn(io, wait(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
    io.poll();
    CHECK_FALSE(answer);
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(answer == false);
}

TEST_CASE("clock: a random word has the length and letters it should, and each is another", "[base]") {
    Random& random = real_world().random;
    std::set<std::string> words;
    for (int i = 0; i < 100; ++i) words.insert(random.word(20));
    CHECK(words.size() == 100);
    for (const auto& word : words) CHECK((word.size() == 20 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos));
    CHECK(random.word(0).empty());
    CHECK(random.bytes(16) != random.bytes(16));
}

TEST_CASE("clock: random fractions spread from 0 to just below 1", "[base]") {
    test::FakeRandom random;
    int lower_half = 0;
    for (int i = 0; i < 1000; ++i) {
        const double fraction = random.fraction();
        REQUIRE((fraction >= 0 && fraction < 1));
        lower_half += fraction < 0.5 ? 1 : 0;
    }
    CHECK((lower_half > 400 && lower_half < 600));
}

}  // namespace wabot
