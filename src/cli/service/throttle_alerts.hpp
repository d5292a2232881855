#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/operations/throttling.hpp"
#include "core/telemetry/metrics.hpp"

namespace wabot::cli {

/// Tells the log and the metrics of devices that are kept back: a line when it begins, again every ten minutes while it lasts, and one when it is
/// over. One thread at a time.
class ThrottleAlerts {
public:
    explicit ThrottleAlerts(Metrics& metrics) : metrics_(metrics) {}
    /// What there is now. How many lines it wrote.
    int see(const std::vector<ThrottledDevice>& throttling, std::chrono::steady_clock::time_point now);

private:
    Metrics& metrics_;
    std::map<std::pair<std::string, ThrottleKind>, std::chrono::steady_clock::time_point> told_;  // by device and kind, when last
};

}  // namespace wabot::cli
