#include "core/telemetry/metrics.hpp"
#include "core/base/value.hpp"

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using Catch::Contains;

TEST_CASE("metrics are shown in the Prometheus text format") {
    Metrics metrics;
    const auto counter = metrics.counter("wabot_turns_total", "Turns finished", {{"agent", "faq"}});
    counter.add();
    metrics.count("wabot_turns_total", {{"agent", "faq"}}, 2);
    const auto gauge = metrics.gauge("wabot_waiting", "Waiting");
    gauge.set(7);
    gauge.add(-2);
    metrics.histogram("wabot_turn_seconds", "Time of a turn", {0.1, 1}).observe(0.5);

    const std::string text = metrics.text();
    CHECK_THAT(text, Contains("# HELP wabot_turns_total Turns finished\n# TYPE wabot_turns_total counter\nwabot_turns_total{agent=\"faq\"} 3\n"));
    CHECK_THAT(text, Contains("\nwabot_waiting 5\n"));
    CHECK_THAT(text, Contains("wabot_turn_seconds_bucket{le=\"0.1\"} 0\n"));
    CHECK_THAT(text, Contains("wabot_turn_seconds_bucket{le=\"1\"} 1\n"));
}

TEST_CASE("a name that is no metric name, or is another kind of metric, is a bug") {
    Metrics metrics;
    metrics.count("wabot_turns_total");
    CHECK_THROWS_AS(metrics.gauge("wabot_turns_total", ""), Error);
    CHECK_THROWS_AS(metrics.count("wabot turns"), Error);
}
