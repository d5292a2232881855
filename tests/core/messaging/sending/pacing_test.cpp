#include "core/messaging/sending/pacing.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "core/devices/devices.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

/// Many sends of one device, which are looked at when there should be a token.
struct Burst {
    explicit Burst(int per_s) {
        store.write([&](Transaction& tx) {
            DeviceChange change;
            change.key = "sales";
            change.options = {{"phone_number_id", "555000"}, {"rate_per_s", std::to_string(per_s)}};
            device = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
        });
    }

    std::vector<Time> send(int count) {
        std::vector<Time> sent;
        Time due_at = world.clock.now();
        while (static_cast<int>(sent.size()) < count) {
            world.clock.advance(std::max<std::chrono::nanoseconds>(due_at - world.clock.now(), 0ns) + look_every);
            store.write([&](Transaction& tx) {
                pacing::Buckets buckets(tx);
                while (static_cast<int>(sent.size()) < count && buckets.take(device)) sent.push_back(tx.now());
                due_at = buckets.next_at(device);
                buckets.save();
            });
        }
        return sent;
    }

    FakeWorld world;
    ScratchStore store{world.clock};
    Vault vault{std::string(64, '7'), world.random};
    DeviceId device;
    std::chrono::milliseconds look_every{5};
};

std::ptrdiff_t most_in_a_second(const std::vector<Time>& sent) {
    std::ptrdiff_t most = 0;
    for (auto from = sent.begin(); from != sent.end(); ++from) most = std::max(most, std::lower_bound(from, sent.end(), *from + 1s) - from);
    return most;
}

}  // namespace

TEST_CASE("pacing: a burst of 200 never exceeds its rate in any second, and is not slower than eight tenths of it", "[pipeline]") {
    const int per_s = GENERATE(1, 7, 16, 80, 500);
    Burst burst(per_s);
    const auto sent = burst.send(200);
    CAPTURE(per_s);
    CHECK(sent.size() == 200);
    CHECK(most_in_a_second(sent) <= per_s);
    const double took_s = std::chrono::duration<double>(sent.back() - sent.front()).count();
    CHECK(took_s * per_s < 200 / 0.8);
}

TEST_CASE("pacing: after a rest no more go at once than before", "[pipeline]") {
    Burst burst(80);
    auto sent = burst.send(100);
    burst.world.clock.advance(1h);
    const auto more = burst.send(100);
    CHECK(more.front() - sent.back() > 59min);
    sent.insert(sent.end(), more.begin(), more.end());
    CHECK(most_in_a_second(sent) <= 80);
}

TEST_CASE("pacing: the time that units wait for each other makes no tokens", "[pipeline]") {
    Burst burst(16);
    const Time early = burst.world.clock.now();
    int taken = 0;
    for (int i = 0; i < 100; ++i) {
        burst.world.clock.set(i % 2 == 0 ? early + 100ms : early);  // each second one began before the one that was there first
        const bool took = burst.store.write([&](Transaction& tx) {
            pacing::Buckets buckets(tx);
            const bool has_token = buckets.take(burst.device);
            buckets.save();
            return has_token;
        });
        taken += took ? 1 : 0;
    }
    CHECK(taken == 2);
}
