// One program for all targets: WABOT_FUZZ_TARGET names the one that libFuzzer drives.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.hpp"

namespace {

constexpr double cpu_ms_max = 250;  // sanitizers and counters make everything some ten times slower

const wabot::fuzz::Target& chosen() {
    const char* const name = std::getenv("WABOT_FUZZ_TARGET");
    for (const auto& target : wabot::fuzz::all)
        if (name != nullptr && target.name == name) return target;
    fmt::print(stderr, "WABOT_FUZZ_TARGET must be one of the targets\n");
    std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const wabot::fuzz::Target& target = chosen();
    const auto found = wabot::fuzz::finding(target, {reinterpret_cast<const char*>(bytes), size}, cpu_ms_max);
    if (!found) return 0;
    fmt::print(stderr, "{}: {}\n", target.name, *found);
    std::abort();
}
