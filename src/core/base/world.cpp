#include "core/base/world.hpp"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/base/timers.hpp"

namespace wabot {

namespace {

class MachineClock final : public Clock {
public:
    Time now() const override { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

    std::chrono::nanoseconds since_boot() const override {
        timespec time{};
        if (clock_gettime(CLOCK_BOOTTIME, &time) != 0) throw Error(Errc::bug, "CLOCK_BOOTTIME cannot be read");
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
};

class MachineTimers final : public Timers {
public:
    asio::awaitable<bool> after(std::chrono::nanoseconds delay) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, delay);
        const auto [failed] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return !failed;
    }
};

class MachineRandom final : public Random {
public:
    std::string bytes(std::size_t count) override {
        Pool& pool = pool_;
        if (count > sizeof pool.bytes) return fresh(count);
        if (count > pool.left) {
            draw(pool.bytes, sizeof pool.bytes);
            pool.left = sizeof pool.bytes;
        }
        pool.left -= count;
        unsigned char* const taken = pool.bytes + pool.left;
        std::string out(reinterpret_cast<const char*>(taken), count);
        explicit_bzero(taken, count);
        return out;
    }

private:
    // A nonce of 12 bytes costs less than asking for it: they are drawn in advance, each thread for itself, and wiped when given out.
    struct Pool {
        unsigned char bytes[1024];
        std::size_t left = 0;
    };
    static thread_local Pool pool_;

    static std::string fresh(std::size_t count) {
        std::string out(count, '\0');
        draw(reinterpret_cast<unsigned char*>(out.data()), count);
        return out;
    }
    static void draw(unsigned char* to, std::size_t count) {
        for (std::size_t got = 0; got < count;) {
            const ssize_t some = getrandom(to + got, count - got, 0);
            if (some < 0 && errno != EINTR) throw Error(Errc::unavailable, "the machine gives no random bytes");
            got += static_cast<std::size_t>(std::max<ssize_t>(some, 0));
        }
    }
};
thread_local MachineRandom::Pool MachineRandom::pool_;

}  // namespace

World& real_world() {
    static MachineClock clock;
    static MachineTimers timers;
    static MachineRandom random;
    static World world{clock, timers, random};
    return world;
}

}  // namespace wabot
