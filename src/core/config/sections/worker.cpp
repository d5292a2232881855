#include "core/config/sections/worker.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> worker_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::worker, &WorkerSettings::lease>("worker.lease", {.env = {"WABOT_LEASE"}, .fallback = "60s", .least = 100, .most = day_ms,
            .doc = "How long a claimed job belongs to its worker. After that it runs elsewhere."}),
        setting<&Settings::worker, &WorkerSettings::uncertain_window>("worker.uncertain_window", {.env = {"WABOT_UNCERTAIN_WINDOW"}, .fallback = "120s", .most = day_ms,
            .doc = "How long an uncertain send waits for a status before it is sent again or held."}),
        setting<&Settings::worker, &WorkerSettings::turn_attempts>("worker.turn_attempts", {.env = {"WABOT_TURN_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
            .doc = "Attempts at a turn before it is given up and shown as failed."}),
        setting<&Settings::worker, &WorkerSettings::send_attempts>("worker.send_attempts", {.env = {"WABOT_SEND_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
            .doc = "Attempts at a send before it is given up and shown as failed."}),
        setting<&Settings::worker, &WorkerSettings::send_concurrency>("worker.send_concurrency", {.env = {"WABOT_SEND_CONCURRENCY"}, .fallback = "128", .least = 1, .most = 10000,
            .doc = "Sends that one worker process has in flight."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
