#include "tests/fuzz/targets.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "core/base/error.hpp"

namespace wabot::fuzz {

namespace {

struct BrokenPromise {
    std::string what;
};

double cpu_ms() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::optional<std::string> failure(const Target& target, std::string_view input) {
    try {
        target.run(input);
    } catch (const Error& error) {
        if (error.code() == Errc::bug) return fmt::format("Error{{bug}}: {}", error.what());
    } catch (const BrokenPromise& broken) {
        return broken.what;
    } catch (const std::exception& other) {
        return fmt::format("threw: {}", other.what());
    }
    return std::nullopt;
}

}  // namespace

void require(bool holds, const char* what) {
    if (!holds) throw BrokenPromise{std::string("does not hold: ") + what};
}

std::optional<std::string> finding(const Target& target, std::string_view input, double cpu_ms_max) {
    const double begun = cpu_ms();
    auto found = failure(target, input);
    const double took = cpu_ms() - begun;
    if (!found && took > cpu_ms_max) found = fmt::format("took {:.1f} ms, more than {:.0f}", took, cpu_ms_max);
    return found;
}

std::string_view take_until(std::string_view& input, char separator) {
    const std::string_view piece = input.substr(0, input.find(separator));
    input.remove_prefix(std::min(piece.size() + 1, input.size()));
    return piece;
}

}  // namespace wabot::fuzz
