#include "core/base/clock.hpp"

#include <fmt/format.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "core/base/error.hpp"

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
    std::string octets(std::size_t count) override {
        Pool& pool = pool_;
        if (count > sizeof pool.octets) return fresh(count);
        if (count > pool.left) {
            draw(pool.octets, sizeof pool.octets);
            pool.left = sizeof pool.octets;
        }
        pool.left -= count;
        unsigned char* const taken = pool.octets + pool.left;
        std::string out(reinterpret_cast<const char*>(taken), count);
        explicit_bzero(taken, count);
        return out;
    }

private:
    // A nonce of 12 octets costs less than asking for it: they are drawn in advance, each thread for itself, and wiped when given out.
    struct Pool {
        unsigned char octets[1024];
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
            if (some < 0 && errno != EINTR) throw Error(Errc::unavailable, "the machine gives no random octets");
            got += static_cast<std::size_t>(std::max<ssize_t>(some, 0));
        }
    }
};
thread_local MachineRandom::Pool MachineRandom::pool_;

/// Reads `count` digits off the front; nullopt when they are not there.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return number;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// ".5" and up to six decimals, as microseconds; no dot is 0.
std::optional<int> take_fraction(std::string_view& text) {
    if (!take(text, '.')) return 0;
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 6) return std::nullopt;
    int micros = *take_number(text, digits);
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    return micros;
}

}  // namespace

std::string Random::word(std::size_t length) {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    static constexpr unsigned fair = 256 / letters.size() * letters.size();  // octets from here on would favour the first letters
    std::string out;
    while (out.size() < length)
        for (const char octet : octets(length - out.size()))
            if (const auto number = static_cast<unsigned char>(octet); number < fair) out += letters[number % letters.size()];
    return out;
}

double Random::fraction() {
    std::uint64_t bits = 0;
    for (const char octet : octets(7)) bits = bits << 8U | static_cast<unsigned char>(octet);
    return static_cast<double>(bits & ((1ULL << 53U) - 1)) / static_cast<double>(1ULL << 53U);
}

World& real_world() {
    static MachineClock clock;
    static MachineTimers timers;
    static MachineRandom random;
    static World world{clock, timers, random};
    return world;
}

std::string to_iso(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss<std::chrono::microseconds> clock(time - day);
    std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                  static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (clock.subseconds().count() != 0) out += fmt::format(".{:06}", clock.subseconds().count());
    return out + "Z";
}

std::optional<Time> from_iso(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, 'T')) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    const auto micros = take_fraction(text);
    if (!micros || text != "Z") return std::nullopt;

    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
           std::chrono::microseconds(*micros);
}

}  // namespace wabot
