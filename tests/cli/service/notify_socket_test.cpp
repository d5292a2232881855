#include "cli/service/notify_socket.hpp"

#include <unistd.h>

#include "tests/catch.hpp"

using namespace wabot::cli;
using namespace std::chrono_literals;

namespace {

std::chrono::microseconds watchdog_of(const std::string& usec, const std::string& pid) {
    return NotifySocket(wabot::Environment{{"NOTIFY_SOCKET", "/nowhere"}, {"WATCHDOG_USEC", usec}, {"WATCHDOG_PID", pid}}).watchdog();
}

}  // namespace

TEST_CASE("notify socket: without a path it is closed and says nothing", "[notify]") {
    const NotifySocket socket(wabot::Environment{{"WATCHDOG_USEC", "1000000"}});
    CHECK_FALSE(socket.is_open());
    CHECK(socket.watchdog() == 0us);
    socket.send("READY=1");
    for (const std::string& path : {std::string("relative"), "/" + std::string(200, 'x')})
        CHECK_FALSE(NotifySocket(wabot::Environment{{"NOTIFY_SOCKET", path}}).is_open());
}

TEST_CASE("notify socket: the watchdog is the one of this process", "[notify]") {
    const std::string us = std::to_string(::getpid());
    CHECK(watchdog_of("30000000", us) == 30s);
    CHECK(watchdog_of("30000000", "") == 30s);
    CHECK(watchdog_of("30000000", std::to_string(::getppid())) == 0us);
    for (const std::string no_number : {"", "0", "-1", "soon", "99999999999999999999"}) CHECK(watchdog_of(no_number, us) == 0us);
}
