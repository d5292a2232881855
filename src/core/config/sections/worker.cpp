#include "core/config/sections/worker.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> worker_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::worker, &WorkerSettings::lease>("worker.lease", {.env = {"WABOT_LEASE"}, .fallback = "60s", .least = 100, .most = day_ms,
            .doc = "Lease of a claimed job. When it expires, another worker may run the job."}),
        setting<&Settings::worker, &WorkerSettings::uncertain_window>("worker.uncertain_window", {.env = {"WABOT_UNCERTAIN_WINDOW"}, .fallback = "120s", .most = day_ms,
            .doc = "How long an uncertain send waits for a status webhook before it is resent or held."}),
        setting<&Settings::worker, &WorkerSettings::turn_attempts>("worker.turn_attempts", {.env = {"WABOT_TURN_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
            .doc = "Attempts at a turn before it becomes a dead letter."}),
        setting<&Settings::worker, &WorkerSettings::send_attempts>("worker.send_attempts", {.env = {"WABOT_SEND_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
            .doc = "Attempts at a send before it becomes a dead letter."}),
        setting<&Settings::worker, &WorkerSettings::send_concurrency>("worker.send_concurrency", {.env = {"WABOT_SEND_CONCURRENCY"}, .fallback = "128", .least = 1, .most = 10000,
            .doc = "Largest number of sends in flight per worker process."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
