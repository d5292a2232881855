#include "core/config/sections/retention.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::span<const Setting> retention_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::retention, &RetentionSettings::webhooks>("retention.webhooks", {.env = {"WABOT_RETENTION_WEBHOOKS"}, .fallback = "30d", .least = 1000, .most = 3650 * day_ms,
            .doc = "How long webhook bodies and the record of their items are kept. Messages stored from them stay."}),
        setting<&Settings::retention, &RetentionSettings::jobs>("retention.jobs", {.env = {"WABOT_RETENTION_JOBS"}, .fallback = "7d", .least = 1000, .most = 3650 * day_ms,
            .doc = "How long finished and cancelled jobs are kept. Dead and held jobs stay until an operator retries or cancels them."}),
        setting<&Settings::retention, &RetentionSettings::changes>("retention.changes", {.env = {"WABOT_RETENTION_CHANGES"}, .fallback = "30d", .least = 1000, .most = 3650 * day_ms,
            .doc = "How long the activity feed and the record of failed attempts are kept."}),
        setting<&Settings::retention, &RetentionSettings::files>("retention.files", {.env = {"WABOT_RETENTION_FILES"}, .fallback = "0s", .most = 36500 * day_ms,
            .doc = "How long the contents of received and sent files are kept; 0s keeps them for ever."}),
        setting<&Settings::retention, &RetentionSettings::audit>("retention.audit", {.env = {"WABOT_RETENTION_AUDIT"}, .fallback = "3650d", .most = 36500 * day_ms,
            .doc = "How long the audit log is kept; 0s keeps it for ever."}),
        setting<&Settings::retention, &RetentionSettings::idempotency_keys>("retention.idempotency_keys", {.env = {"WABOT_RETENTION_IDEMPOTENCY_KEYS"}, .fallback = "2d", .least = 1000, .most = 3650 * day_ms,
            .doc = "How long idempotency keys of message send are kept. While a key is kept, the same key does not send twice."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
