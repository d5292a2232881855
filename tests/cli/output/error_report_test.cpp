#include "cli/output/error_report.hpp"

#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/rate_limited.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using namespace wabot::cli;

namespace {

template <class Thrown>
Report report(const Thrown& thrown) {
    return report_of(std::make_exception_ptr(thrown));
}

}  // namespace

TEST_CASE("errors: every failure has its frozen exit code", "[unit][errors]") {
    const auto [code, exit] = GENERATE(table<Errc, int>({{Errc::bad_request, 6},
                                                         {Errc::invalid, 6},
                                                         {Errc::unauthenticated, 4},
                                                         {Errc::denied, 4},
                                                         {Errc::not_found, 3},
                                                         {Errc::conflict, 5},
                                                         {Errc::stale, 5},
                                                         {Errc::too_large, 6},
                                                         {Errc::rate_limited, 13},
                                                         {Errc::unavailable, 8},
                                                         {Errc::timeout, 9},
                                                         {Errc::rejected, 12},
                                                         {Errc::uncertain, 14},
                                                         {Errc::bug, 70}}));
    CHECK(static_cast<int>(report(Error(code, "x")).exit) == exit);
}

TEST_CASE("errors: what only the terminal knows has its own", "[unit][errors]") {
    CHECK(static_cast<int>(report(CommandExit(Exit::usage, "x")).exit) == 2);
    CHECK(static_cast<int>(report(CommandExit(Exit::differs)).exit) == 10);
    CHECK(static_cast<int>(report(CommandExit(Exit::not_confirmed, "x")).exit) == 11);
    CHECK(static_cast<int>(report(std::logic_error("x")).exit) == 70);
    CHECK(static_cast<int>(report(std::bad_alloc()).exit) == 1);
}

TEST_CASE("errors: people read what failed and the way out", "[unit][errors]") {
    CHECK(render(report(Error(Errc::not_found, "no device \"x\"", "wabot device list")), ErrorForm::human, "r1") ==
          "wabot: no device \"x\"\nhint: wabot device list\n");
    CHECK(render(report(CommandExit(Exit::differs)), ErrorForm::human, "r1").empty());
    CHECK(render(report(CommandExit(Exit::invalid, "2 faults", {{"a", "a: bad", "value"}, {"b", "b: bad", "value"}})), ErrorForm::human, "") ==
          "wabot: 2 faults\n  a: bad\n  b: bad\n");
}

TEST_CASE("errors: a limit that was met says when it is over", "[unit][errors]") {
    const Json met = read_json(render(report(RateLimited("too many questions", std::chrono::seconds(7))), ErrorForm::json, ""));
    CHECK(met["error"]["code"] == "rate_limited");
    CHECK(met["error"]["retry_after"] == 7);
    const Json waits =
        read_json(render(report(CommandExit(Exit::rate_limited, "it waits").again_after(std::chrono::seconds(9))), ErrorForm::json, ""));
    CHECK(waits["error"]["code"] == "rate_limited");
    CHECK(waits["error"]["exit"] == 13);
    CHECK(waits["error"]["retry_after"] == 9);
    CHECK(waits["error"]["retryable"] == true);
}

TEST_CASE("errors: a message cannot steer the terminal", "[unit][errors]") {
    CHECK(render(report(Error(Errc::invalid, "bad \x1b[2J\nname")), ErrorForm::human, "") == "wabot: bad \\x1b[2J\\nname\n");
}

TEST_CASE("errors: programs read one JSON line", "[unit][errors]") {
    const std::string text = render(report(Error(Errc::unavailable, "the store is away")), ErrorForm::json, "r1");
    REQUIRE(text.back() == '\n');
    CHECK(read_json(text) ==
          read_json(R"({"error":{"code":"unavailable","message":"the store is away","hint":null,"exit":8,"retryable":true,"field":null,
        "faults":[],"request_id":"r1","retry_after":null}})"));
    const Json faulty =
        read_json(render(report(Error(Errc::invalid, "name is empty", std::vector<Fault>{{"name", "is empty", "length"}})), ErrorForm::json, ""));
    CHECK(faulty["error"]["field"] == "name");
    CHECK(faulty["error"]["faults"][0]["kind"] == "length");
    CHECK(faulty["error"]["retryable"] == false);
}
