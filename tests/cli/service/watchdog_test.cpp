#include "cli/service/watchdog.hpp"

#include <boost/asio/io_context.hpp>

#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("pulse: a loop that takes nothing any more is noticed", "[vitals]") {
    asio::io_context loop(1);
    cli::LoopProbe pulse(loop.get_executor());
    CHECK(pulse.made_progress());
    CHECK_FALSE(pulse.made_progress());
    CHECK_FALSE(pulse.made_progress());
    loop.poll();
    CHECK(pulse.made_progress());
    CHECK_FALSE(pulse.made_progress());
}
