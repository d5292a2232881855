#include "cli/framework/wiring.hpp"

#include <fmt/format.h>

#include "core/config/settings.hpp"
#include "core/devices/credentials.hpp"
#include "core/retention/retention.hpp"
#include "core/worker/tools.hpp"

namespace wabot::cli {

EnvironmentCredentials environment_credentials(const Settings& settings) {
    return {settings.whatsapp.phone_number_id,     settings.whatsapp.access_token.reveal(),
            settings.whatsapp.app_secret.reveal(), settings.whatsapp.verify_token.reveal(),
            settings.whatsapp.graph_url,           settings.whatsapp.graph_version};
}

std::filesystem::path files_folder(const Settings& settings) {
    return settings.store.dir.empty() ? std::filesystem::path() : settings.store.dir / "files";
}

retention::Keep retention_keep(const Settings& settings) {
    return {settings.retention.webhooks, settings.retention.jobs,  settings.retention.changes,
            settings.retention.files,    settings.retention.audit, settings.retention.idempotency_keys};
}

WorkerOptions worker_options(const Settings& settings) {
    WorkerOptions options;
    options.lease = settings.worker.lease;
    options.uncertain_window = settings.worker.uncertain_window;
    options.takeover_timeout = settings.conversation.takeover_timeout;
    options.media_wait = settings.conversation.media_wait;
    options.turn_attempts = settings.worker.turn_attempts;
    options.send_attempts = settings.worker.send_attempts;
    options.send_concurrency = settings.worker.send_concurrency;
    options.keep = retention_keep(settings);
    return options;
}

const std::string& database_url(const Settings& settings) {
    return settings.store.database_url;
}

const std::string& graph_url(const Settings& settings) {
    return settings.whatsapp.graph_url;
}

std::string server_address(const Settings& settings) {
    return fmt::format("{}:{}", settings.server.host, settings.server.port);
}

std::string own_url(const Settings& settings) {
    const std::string& host = settings.server.host;
    const bool any = host == "0.0.0.0" || host == "::" || host.empty();
    return fmt::format("http://{}:{}", any ? "127.0.0.1" : host.find(':') != std::string::npos ? "[" + host + "]" : host, settings.server.port);
}

std::chrono::milliseconds takeover_timeout(const Settings& settings) {
    return settings.conversation.takeover_timeout;
}

std::chrono::milliseconds uncertain_window(const Settings& settings) {
    return settings.worker.uncertain_window;
}

std::chrono::milliseconds drain_timeout(const Settings& settings) {
    return settings.server.drain_timeout;
}

}  // namespace wabot::cli
