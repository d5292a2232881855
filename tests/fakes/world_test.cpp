#include "tests/fakes/world.hpp"
#include "core/base/timers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/catch.hpp"

namespace wabot::test {

using namespace std::chrono_literals;

TEST_CASE("fake world: time passes on both clocks, and a set clock moves one", "[fakes]") {
    FakeClock clock;
    const auto boot = clock.since_boot();
    clock.advance(90s);
    CHECK(clock.now() == at("2026-01-05T12:01:30Z"));
    CHECK(clock.since_boot() - boot == 90s);
    clock.set(at("2020-01-01T00:00:00Z"));
    CHECK(clock.now() == at("2020-01-01T00:00:00Z"));
    CHECK(clock.since_boot() - boot == 90s);
}

TEST_CASE("fake world: advancing resumes the waits that are due, earliest first, and no others", "[fakes]") {
    FakeWorld fake;
    asio::io_context io;
    std::string order;
    auto wait = [&](std::chrono::seconds delay, char name) -> asio::awaitable<void> {
        if (co_await fake.timers.after(delay)) order += name;
    };
    asio::co_spawn(io, wait(3s, 'c'), asio::detached);
    asio::co_spawn(io, wait(1s, 'a'), asio::detached);
    asio::co_spawn(io, wait(2s, 'b'), asio::detached);
    asio::co_spawn(io, wait(0s, '0'), asio::detached);
    io.poll();
    CHECK(order == "0");
    CHECK(fake.timers.waiting() == 3);
    CHECK(fake.timers.next() == 1s);

    fake.advance(999ms);
    io.poll();
    CHECK(order == "0");
    fake.advance(1001ms);
    io.poll();
    CHECK(order == "0ab");
    CHECK(fake.timers.next() == 1s);
    fake.advance(1h);
    io.poll();
    CHECK(order == "0abc");
    CHECK(fake.timers.waiting() == 0);
    CHECK_FALSE(fake.timers.next());
}

TEST_CASE("fake world: the random bytes are the same in every run", "[fakes]") {
    FakeRandom one, same, other(2);
    const std::string bytes = one.bytes(32);
    CHECK(bytes == same.bytes(32));
    CHECK(bytes != one.bytes(32));
    CHECK(bytes != other.bytes(32));
}

}  // namespace wabot::test
