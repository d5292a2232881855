#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands/doctor/checks.hpp"
#include "cli/framework/wiring.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"
#include "core/config/load_settings.hpp"
#include "core/config/setting.hpp"
#include "core/config/settings.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/migrations.hpp"
#include "core/files/files.hpp"
#include "core/http_client/http_client.hpp"
#include "core/messaging/messages.hpp"
#include "core/operations/service_warnings.hpp"
#include "core/operations/store_probe.hpp"

namespace wabot::cli {

namespace {

namespace fs = std::filesystem;

std::optional<fs::path> sqlite_file(const Settings& settings) {
    constexpr std::string_view scheme = "sqlite:///";
    const std::string& url = database_url(settings);
    if (!url.starts_with(scheme)) return std::nullopt;
    return url.substr(scheme.size());
}

/// The mode's last three digits, or nothing when the file is not there.
std::optional<unsigned> mode_of(const fs::path& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return std::nullopt;
    return info.st_mode & 0777U;
}

/// One file or folder that others may do less with than its mode says.
struct Guarded {
    std::string_view what;
    fs::path path;
    unsigned forbidden;
    CheckStatus otherwise;
};

std::vector<Guarded> guarded(Runtime& rt) {
    std::vector<Guarded> all;
    for (const fs::path& file : rt.sources().config_files) {
        all.push_back({"config", file, 0022, CheckStatus::warn});
        all.push_back({"key", file.parent_path() / "master.key", 0077, CheckStatus::fail});
    }
    if (const auto file = sqlite_file(rt.settings())) {
        all.push_back({"store", *file, 0007, CheckStatus::warn});
        all.push_back({"folder", file->parent_path().empty() ? "." : file->parent_path(), 0002, CheckStatus::warn});
    }
    return all;
}

/// Takes from others what they may not do; whether that worked.
bool mend_mode(Runtime& rt, const Guarded& file, unsigned mode) {
    if (rt.dry_run()) return rt.out().say("would chmod {:04o} {}", mode, file.path.string()), false;
    if (chmod(file.path.c_str(), mode) != 0) return false;
    rt.out().say("fixed: chmod {:04o} {}", mode, file.path.string());
    rt.out().note_change(true);
    return true;
}

const LoadedSettings& settings_of(Runtime& rt) {
    try {
        return rt.loaded_settings();
    } catch (const Error& error) {
        throw Error(error.code(), error.what(), error.hint().empty() ? "wabot config check shows all errors with file and line" : error.hint());
    }
}

}  // namespace

void check_config(Examination& exam) {
    const Sources sources = exam.rt.sources();
    std::string files;
    for (const fs::path& file : sources.config_files) files += (files.empty() ? "" : ", ") + file.string();
    const LoadedSettings& loaded = settings_of(exam.rt);
    const std::string what = files.empty() ? "no configuration file" : files;
    if (loaded.warnings.empty()) exam.findings.push_back({"config", CheckStatus::pass, what + ", 0 unknown keys"});
    for (const std::string& warning : loaded.warnings) exam.findings.push_back({"config", CheckStatus::warn, warning});
}

void check_permissions(Examination& exam) {
    Finding finding{"permissions", CheckStatus::pass, "", ""};
    for (const Guarded& file : guarded(exam.rt)) {
        auto mode = mode_of(file.path);
        if (!mode) continue;
        const unsigned wanted = *mode & ~file.forbidden;
        if (exam.mends && *mode != wanted && mend_mode(exam.rt, file, wanted)) mode = wanted;
        finding.detail += fmt::format("{}{} {:04o}", finding.detail.empty() ? "" : ", ", file.what, *mode);
        if (*mode == wanted) continue;
        finding.status = std::max(finding.status, file.otherwise);
        finding.hint += fmt::format("{}chmod {:04o} {}", finding.hint.empty() ? "" : "; ", wanted, file.path.string());
    }
    if (!finding.detail.empty()) exam.findings.push_back(std::move(finding));
}

void check_database(Examination& exam) {
    Database& db = exam.rt.database();
    const auto begin = std::chrono::steady_clock::now();
    write_and_wait(db, store_probe::write);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    const auto steps = migration_status(db);
    const auto applied = std::count_if(steps.begin(), steps.end(), [](const MigrationStatus& step) { return step.applied; });
    exam.findings.push_back(
        {"database", CheckStatus::pass, fmt::format("{}, schema {} of {}, {:.1f} ms write", db.description(), applied, schema_max(), took.count())});
}

void check_disk(Examination& exam) {
    constexpr double gib = 1024.0 * 1024 * 1024, floor_gib = 1;
    const auto file = sqlite_file(exam.rt.settings());
    std::error_code unknown;
    const fs::space_info space = fs::space(file && !file->parent_path().empty() ? file->parent_path() : fs::path("."), unknown);
    if (unknown) return;
    const double free_gib = static_cast<double>(space.available) / gib;
    exam.findings.push_back({"disk", free_gib < floor_gib ? CheckStatus::fail : CheckStatus::pass,
                             fmt::format("{:.0f} GiB free (floor {:.0f} GiB)", free_gib, floor_gib),
                             free_gib < floor_gib ? "free disk space: without space no webhook can be stored" : ""});
}

/// How far this machine's clock is from the database's, by which everything waits; and whether it went back behind what is stored.
void check_clock(Examination& exam) {
    using Seconds = std::chrono::duration<double>;
    constexpr Seconds noticeable{1}, harmful{60};  // a lease is a minute
    const Clock& clock = exam.rt.world().clock;
    const Time before = clock.now();
    const auto [there, newest] = exam.rt.read([](Snapshot& db) {
        const auto messages = messages::list(db, {}, {.limit = 1});
        return std::pair(db.now(), messages.empty() ? Time{} : messages.front().created_at);
    });
    const Time here = before + (clock.now() - before) / 2;
    const Seconds offset = here - there, ahead = newest - here;
    const std::string way_out = "let NTP set it: timedatectl set-ntp true";
    if (ahead > noticeable)
        return exam.findings.push_back({"clock", ahead > harmful ? CheckStatus::fail : CheckStatus::warn,
                                        fmt::format("the newest message was stored {:.1f} s in the future; the clock was set back", ahead.count()),
                                        way_out});
    const Seconds size = std::chrono::abs(offset);
    if (size > noticeable)
        return exam.findings.push_back({"clock", size > harmful ? CheckStatus::fail : CheckStatus::warn,
                                        fmt::format("offset {:+.1f} s from the database host", offset.count()), way_out + ", here and there"});
    const bool is_shared = exam.rt.database().dialect() == "sqlite";
    exam.findings.push_back(
        {"clock", CheckStatus::pass,
         is_shared ? "the database uses this machine's clock" : fmt::format("offset {:+.1f} s from the database host", offset.count())});
}

/// That what comes with messages can be kept, and that what was kept is still there.
void check_files(Examination& exam) {
    const fs::path folder = files_folder(exam.rt.settings());
    if (folder.empty()) return;
    const auto fail = [&](std::string detail, std::string hint) {
        exam.findings.push_back({"files", CheckStatus::fail, std::move(detail), std::move(hint)});
    };
    std::error_code unknown;
    const fs::file_status status = fs::status(folder, unknown);
    const bool is_used = !exam.rt.read([](Snapshot& db) { return files::list(db, {}, {.limit = 1}); }).empty();
    if (!fs::exists(status) && is_used)
        return fail(fmt::format("{} is missing, and with it the contents of the files", folder.string()),
                    "restore it from a backup, or check store.dir");
    if (!fs::exists(status)) return exam.findings.push_back({"files", CheckStatus::pass, folder.string() + " is created with the first file"});
    if (!fs::is_directory(status)) return fail(folder.string() + " is not a folder", "move or remove it");
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        return fail(folder.string() + " is not writable",
                    fmt::format("chown it to the user that wabot serve runs as, or chmod u+rwx {}", folder.string()));
    exam.findings.push_back({"files", CheckStatus::pass, folder.string() + " is writable"});
}

/// That there is a key, and that it is the one the store was sealed with.
void check_key(Examination& exam) {
    const Vault& vault = exam.rt.vault();
    const auto newest = exam.rt.read([](Snapshot& db) { return contacts::list(db, {}, {.limit = 1}); });
    for (const Contact& contact : newest) vault.open(contact.contact_jid, "contacts.contact_jid");
    exam.findings.push_back(
        {"key", CheckStatus::pass, newest.empty() ? "master key is set; nothing is encrypted with it yet" : "master key matches the database"});
}

/// Secrets that everybody sees who sees the environment: crash reports, child processes, `systemctl show`.
void check_secrets(Examination& exam) {
    const LoadedSettings& loaded = exam.rt.loaded_settings();
    std::string names;
    for (const Setting& setting : all_settings()) {
        constexpr std::string_view environment = "environment ";
        const std::string_view origin = loaded.origin_of(setting.name);
        if (setting.is_secret() && origin.starts_with(environment)) names.append(names.empty() ? "" : ", ").append(origin.substr(environment.size()));
    }
    if (names.empty()) return exam.findings.push_back({"secrets", CheckStatus::pass, "no secret comes from the environment"});
    const std::string first = names.substr(0, names.find(','));
    exam.findings.push_back({"secrets", CheckStatus::warn,
                             fmt::format("{} come{} from the environment; prefer a credential file", names, first == names ? "s" : ""),
                             fmt::format("{}_FILE names a file that holds it; a unit of systemd has LoadCredential=", first)});
}

/// What servers have noticed in the last day. Nothing is said when there is nothing to mend.
void check_security(Examination& exam) {
    std::optional<Time> unsigned_seen_at;
    const auto seen = exam.rt.read([](Snapshot& db) { return service_warnings::list_since(db, db.now() - std::chrono::hours(24)); });
    for (const ServiceWarning& warning : seen) {
        switch (warning.kind) {
            case ServiceWarningKind::metrics_through_proxy:
                exam.findings.push_back(
                    {"security.metrics", CheckStatus::warn,
                     fmt::format("a request for /metrics came through a proxy, last at {}; it was refused", to_iso(warning.seen_at)),
                     "do not forward /metrics in the proxy, or set metrics.token"});
                break;
            case ServiceWarningKind::unsigned_webhooks: unsigned_seen_at = warning.seen_at; break;
        }
    }
    if (!unsigned_seen_at && !exam.rt.settings().server.allow_unsigned_webhooks) return;
    exam.findings.push_back({"security.unsigned_webhooks", CheckStatus::warn,
                             unsigned_seen_at
                                 ? fmt::format("a server accepts unsigned webhooks from this machine, last seen at {}", to_iso(*unsigned_seen_at))
                                 : "unsigned webhooks from this machine are accepted",
                             "for production set security.allow_unsigned_webhooks to false and restart wabot serve"});
}

void check_requests(Examination& exam) {
    require_http_library();
    exam.findings.push_back({"requests", CheckStatus::pass, "libcurl is installed"});
}

}  // namespace wabot::cli
