#include "core/operations/throttling.hpp"
#include "core/base/clock.hpp"

#include "cli/service/throttle_alerts.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

struct Throttling : Pipeline {
    std::vector<std::string> kinds() {
        std::vector<std::string> out;
        for (const ThrottledDevice& throttled : store.read([](Snapshot& db) { return throttling::list(db); })) {
            CHECK(throttled.device == "sales");
            CHECK(throttled.detail.starts_with("sales: "));
            CHECK_FALSE(throttled.hint.empty());
            out.emplace_back(to_word(throttled.kind));
        }
        return out;
    }
    void write_from(int person) {
        const std::string from = std::to_string(12025550200 + person);
        write_text(from.c_str(), "wamid.in" + std::to_string(person), "hi");
    }
    using Kinds = std::vector<std::string>;
};

}  // namespace

TEST_CASE_METHOD(Throttling, "throttling: sends that wait for their device's pace for half a minute are told, until they have gone", "[throttling]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "1"}}}); });
    for (int person = 0; person < 40; ++person) write_from(person);
    work();
    CHECK(kinds() == Kinds{});
    const auto pass = [&](std::chrono::milliseconds time) {
        for (; time > 0ms; time -= 200ms) {
            world.clock.advance(200ms);
            work();
        }
    };
    pass(29s);
    CHECK(kinds() == Kinds{});
    pass(2s);
    CHECK(kinds() == Kinds{"pace"});
    pass(30s);
    CHECK(http.requests.size() == 40);
    CHECK(kinds() == Kinds{});
    // A moment's queue is none of long ago.
    write_from(100);
    write_from(101);
    work();
    CHECK(kinds() == Kinds{});
}

TEST_CASE_METHOD(Throttling, "throttling: a device that stopped waits for a person, not for its pace", "[throttling]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "1"}}}); });
    for (int person = 0; person < 5; ++person) write_from(person);
    work();
    world.clock.advance(1min);
    CHECK(kinds() == Kinds{"pace"});
    store.write([&](Transaction& tx) { devices::set_status(tx, a_cause, device, DeviceStatus::error, "190: expired"); });
    CHECK(kinds() == Kinds{});
}

TEST_CASE_METHOD(Throttling, "throttling: what the provider said is told for a while", "[throttling]") {
    const auto [code, kind, memory] = GENERATE(table<int, std::string, std::chrono::minutes>(
        {{130429, "limit", 10min}, {4, "limit", 10min}, {131048, "quality", 60min}, {131064, "quality", 60min}}));
    CAPTURE(code);
    http.script = {[code = code](const HttpRequest&) { return graph_error(400, code); }};
    write_from(1);
    work();
    CHECK(kinds() == Kinds{kind});
    world.clock.advance(memory - 1s);
    work();
    CHECK(kinds() == Kinds{kind});
    world.clock.advance(2s);
    CHECK(kinds() == Kinds{});
}

TEST_CASE_METHOD(Throttling, "throttling: of another device there is nothing to say", "[throttling]") {
    http.script = {[](const HttpRequest&) { return graph_error(400, 130429); }};
    write_from(1);
    work();
    const auto of = [&](DeviceId id) { return store.read([&](Snapshot& db) { return throttling::list(db, id); }).size(); };
    CHECK(of(device) == 1);
    CHECK(of(DeviceId{device.value + 1}) == 0);
}

TEST_CASE("throttle alerts: a line when it begins, one every ten minutes, one when it is over, and the metrics follow", "[throttling]") {
    Metrics metrics;
    cli::ThrottleAlerts watch(metrics);
    std::chrono::steady_clock::time_point now{};
    const std::vector<ThrottledDevice> one{{DeviceId{1}, "sales", ThrottleKind::pace, "sales: waits", "go slowly"}};
    const auto shows = [&](const std::string& value) {
        return metrics.text().find("wabot_device_throttled{by=\"pace\",device=\"sales\"} " + value + "\n") != std::string::npos;
    };
    CHECK(watch.see({}, now) == 0);
    CHECK(watch.see(one, now) == 1);
    CHECK(shows("1"));
    CHECK(watch.see(one, now += 5min) == 0);
    CHECK(watch.see(one, now += 5min) == 1);
    auto two = one;
    two.push_back({DeviceId{1}, "sales", ThrottleKind::limit, "sales: too fast", "go slowly"});
    CHECK(watch.see(two, now) == 1);
    CHECK(watch.see({}, now) == 2);
    CHECK(shows("0"));
}
