#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/timers.hpp"
#include "core/base/world.hpp"

namespace wabot::test {

/// The time of an ISO text in a test: at("2026-01-05T12:00:00Z").
Time at(std::string_view iso);

/// Stands still until it is moved. Starts at 2026-01-05T12:00:00Z, one hour after boot. Safe from any thread.
class FakeClock final : public Clock {
public:
    Time now() const override;
    std::chrono::nanoseconds since_boot() const override;

    /// Sets the time of day; what has passed since boot stays, as when an operator sets the machine's clock.
    void set(Time now);
    /// Lets time pass on both clocks.
    void advance(std::chrono::nanoseconds passed);

private:
    mutable std::mutex mutex_;
    Time now_ = at("2026-01-05T12:00:00Z");
    std::chrono::nanoseconds since_boot_ = std::chrono::hours(1);
};

/// Waits that end when `ring` finds them due on the fake clock, never by themselves. Safe from any thread.
class FakeTimers final : public Timers {
public:
    explicit FakeTimers(FakeClock& clock);
    ~FakeTimers() override;

    asio::awaitable<bool> after(std::chrono::nanoseconds delay) override;

    /// Resumes the waits that are due, earliest first; each goes on when its executor runs.
    void ring();
    /// How many wait.
    std::size_t waiting() const;
    /// How long until the earliest wait is due.
    std::optional<std::chrono::nanoseconds> next() const;

private:
    struct Wait;
    class Registered;
    FakeClock& clock_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Wait>> waits_;
};

/// The same bytes in every run. Safe from any thread.
class FakeRandom final : public Random {
public:
    explicit FakeRandom(std::uint64_t seed = 1) : engine_(seed) {}
    std::string bytes(std::size_t count) override;

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

/// All three, as the things under test want them.
struct FakeWorld {
    FakeClock clock;
    FakeTimers timers{clock};
    FakeRandom random;
    World world{clock, timers, random};

    /// Lets time pass and rings the timers that this makes due.
    void advance(std::chrono::nanoseconds passed);
};

}  // namespace wabot::test
