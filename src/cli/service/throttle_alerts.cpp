#include "cli/service/throttle_alerts.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace wabot::cli {

namespace {

constexpr std::chrono::minutes tell_interval{10};

}  // namespace

int ThrottleAlerts::see(const std::vector<ThrottledDevice>& throttling, std::chrono::steady_clock::time_point now) {
    int lines = 0;
    const auto gauge = [this](const std::string& device, ThrottleKind kind) {
        return metrics_.gauge("wabot_device_throttled", "Devices that have more to send than they may, by what keeps them back",
                              {{"device", device}, {"by", to_word(kind)}});
    };
    for (const ThrottledDevice& throttled : throttling) {
        gauge(throttled.device, throttled.kind).set(1);
        const auto [told, is_new] = told_.try_emplace({throttled.device, throttled.kind}, now);
        if (!is_new && now - told->second < tell_interval) continue;
        told->second = now;
        log::warning("device throttled",
                     {{"device", throttled.device}, {"by", to_word(throttled.kind)}, {"detail", throttled.detail}, {"hint", throttled.hint}});
        ++lines;
    }
    for (auto one = told_.begin(); one != told_.end();) {
        const auto& [device, kind] = one->first;
        const auto is_it = [&](const ThrottledDevice& throttled) { return throttled.device == device && throttled.kind == kind; };
        if (std::ranges::any_of(throttling, is_it)) {
            ++one;
            continue;
        }
        gauge(device, kind).set(0);
        log::info("device no longer throttled", {{"device", device}, {"by", to_word(kind)}});
        ++lines;
        one = told_.erase(one);
    }
    return lines;
}

}  // namespace wabot::cli
