#include "cli/service/throttle_alerts.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace wabot::cli {

namespace {

constexpr std::chrono::minutes tell_interval{10};

}  // namespace

int StrainWatch::see(const std::vector<Strain>& strains, std::chrono::steady_clock::time_point now) {
    int lines = 0;
    const auto gauge = [this](const std::string& device, StrainKind kind) {
        return metrics_.gauge("wabot_device_kept_back", "Devices that have more to send than they may, by what keeps them back",
                              {{"device", device}, {"by", to_word(kind)}});
    };
    for (const Strain& strain : strains) {
        gauge(strain.device, strain.kind).set(1);
        const auto [told, is_new] = told_.try_emplace({strain.device, strain.kind}, now);
        if (!is_new && now - told->second < tell_interval) continue;
        told->second = now;
        log::warning("device kept back", {{"device", strain.device}, {"by", to_word(strain.kind)}, {"detail", strain.detail}, {"hint", strain.hint}});
        ++lines;
    }
    for (auto one = told_.begin(); one != told_.end();) {
        const auto& [device, kind] = one->first;
        const auto is_it = [&](const Strain& strain) { return strain.device == device && strain.kind == kind; };
        if (std::ranges::any_of(strains, is_it)) {
            ++one;
            continue;
        }
        gauge(device, kind).set(0);
        log::info("device not kept back any more", {{"device", device}, {"by", to_word(kind)}});
        ++lines;
        one = told_.erase(one);
    }
    return lines;
}

}  // namespace wabot::cli
