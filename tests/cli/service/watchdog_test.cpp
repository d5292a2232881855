#include "cli/service/watchdog.hpp"

#include <boost/asio/io_context.hpp>

#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("pulse: a loop that takes nothing any more is noticed", "[vitals]") {
    asio::io_context loop(1);
    cli::Pulse pulse(loop.get_executor());
    CHECK(pulse.has_moved());
    CHECK_FALSE(pulse.has_moved());
    CHECK_FALSE(pulse.has_moved());
    loop.poll();
    CHECK(pulse.has_moved());
    CHECK_FALSE(pulse.has_moved());
}
