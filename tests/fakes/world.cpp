#include "tests/fakes/world.hpp"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

namespace wabot::test {

Time at(std::string_view iso) {
    const auto time = from_iso(iso);
    if (!time) throw Error(Errc::bug, "no ISO time: " + std::string(iso));
    return *time;
}

Time FakeClock::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

std::chrono::nanoseconds FakeClock::since_boot() const {
    const std::lock_guard lock(mutex_);
    return since_boot_;
}

void FakeClock::set(Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
}

void FakeClock::advance(std::chrono::nanoseconds passed) {
    const std::lock_guard lock(mutex_);
    now_ += std::chrono::duration_cast<std::chrono::microseconds>(passed);
    since_boot_ += passed;
}

/// The bell is a channel with room for one ring, so that a ring just before the wait begins is not lost.
struct FakeTimers::Wait {
    Wait(const asio::any_io_executor& executor, std::chrono::nanoseconds when) : due(when), bell(executor, 1) {}
    std::chrono::nanoseconds due;
    asio::experimental::concurrent_channel<void(boost::system::error_code)> bell;
};

/// Leaves the list with the coroutine, whichever way that ends.
class FakeTimers::Registered {
public:
    Registered(FakeTimers& timers, std::shared_ptr<Wait> wait) : timers_(timers), wait_(std::move(wait)) {
        const std::lock_guard lock(timers_.mutex_);
        timers_.waits_.push_back(wait_);
    }
    ~Registered() {
        const std::lock_guard lock(timers_.mutex_);
        std::erase(timers_.waits_, wait_);
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

private:
    FakeTimers& timers_;
    std::shared_ptr<Wait> wait_;
};

FakeTimers::FakeTimers(FakeClock& clock) : clock_(clock) {}
FakeTimers::~FakeTimers() = default;

asio::awaitable<bool> FakeTimers::after(std::chrono::nanoseconds delay) {
    if (delay <= std::chrono::nanoseconds::zero()) co_return true;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto wait = std::make_shared<Wait>(executor, clock_.since_boot() + delay);
    const Registered registered(*this, wait);
    const auto [failed] = co_await wait->bell.async_receive(asio::as_tuple(asio::use_awaitable));
    co_return !failed;
}

void FakeTimers::ring() {
    const auto now = clock_.since_boot();
    const std::lock_guard lock(mutex_);
    std::stable_sort(waits_.begin(), waits_.end(), [](const auto& a, const auto& b) { return a->due < b->due; });
    for (const auto& wait : waits_)
        if (wait->due <= now) wait->bell.try_send(boost::system::error_code{});
}

std::size_t FakeTimers::waiting() const {
    const std::lock_guard lock(mutex_);
    return waits_.size();
}

std::optional<std::chrono::nanoseconds> FakeTimers::next() const {
    const auto now = clock_.since_boot();
    const std::lock_guard lock(mutex_);
    if (waits_.empty()) return std::nullopt;
    const auto earliest = std::min_element(waits_.begin(), waits_.end(), [](const auto& a, const auto& b) { return a->due < b->due; });
    return std::max((*earliest)->due - now, std::chrono::nanoseconds::zero());
}

std::string FakeRandom::bytes(std::size_t count) {
    const std::lock_guard lock(mutex_);
    std::string out(count, '\0');
    for (char& byte : out) byte = static_cast<char>(engine_() & 0xFFU);
    return out;
}

void FakeWorld::advance(std::chrono::nanoseconds passed) {
    clock.advance(passed);
    timers.ring();
}

}  // namespace wabot::test
