#include "cli/framework/wiring.hpp"

#include "core/config/settings.hpp"
#include "core/devices/credentials.hpp"
#include "core/retention/retention.hpp"
#include "core/worker/tools.hpp"

namespace wabot::cli {

EnvironmentCredentials environment_credentials(const Settings& settings) {
    return {settings.whatsapp_phone_number_id,     settings.whatsapp_access_token.reveal(),
            settings.whatsapp_app_secret.reveal(), settings.whatsapp_verify_token.reveal(),
            settings.whatsapp_graph_url,           settings.whatsapp_graph_version};
}

std::filesystem::path files_folder(const Settings& settings) {
    return settings.state_dir.empty() ? std::filesystem::path() : settings.state_dir / "files";
}

retention::Keep retention_keep(const Settings& settings) {
    return {settings.retention_webhooks, settings.retention_jobs,  settings.retention_changes,
            settings.retention_files,    settings.retention_audit, settings.retention_idempotency_keys};
}

WorkerOptions worker_options(const Settings& settings) {
    WorkerOptions options;
    options.lease = settings.lease;
    options.uncertain_window = settings.uncertain_window;
    options.takeover_timeout = settings.takeover_timeout;
    options.media_wait = settings.media_wait;
    options.turn_attempts = settings.turn_attempts;
    options.send_attempts = settings.send_attempts;
    options.send_concurrency = settings.send_concurrency;
    options.keep = retention_keep(settings);
    return options;
}

}  // namespace wabot::cli
