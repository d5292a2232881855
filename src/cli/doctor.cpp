#include "cli/doctor.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "cli/queue.hpp"
#include "cli/runtime.hpp"
#include "cli/worker_pool.hpp"
#include "core/contacts/contacts.hpp"
#include "core/database/migrations.hpp"
#include "core/devices/account_events.hpp"
#include "core/devices/devices.hpp"
#include "core/http_client/http_client.hpp"
#include "core/messaging/statuses.hpp"
#include "core/messaging/strains.hpp"
#include "core/messaging/templates.hpp"
#include "core/messaging/workers.hpp"

namespace wabot {

WABOT_ENUM(CheckStatus, pass, warn, fail)

/// What one check found.
struct Finding {
    std::string id;  // "credentials.shop"
    CheckStatus status = CheckStatus::pass;
    std::string detail;
    std::string hint;  // the way out; empty = none is needed
};
WABOT_DESCRIBE(Finding, FIELD(id, .key = true), FIELD(status), FIELD(detail), FIELD(hint))

namespace cli {

namespace {

namespace fs = std::filesystem;

using Findings = std::vector<Finding>;

std::optional<fs::path> sqlite_file(const Settings& settings) {
    constexpr std::string_view scheme = "sqlite:///";
    if (!settings.database_url.starts_with(scheme)) return std::nullopt;
    return settings.database_url.substr(scheme.size());
}

void check_config(Runtime& rt, Findings& findings) {
    const Sources sources = rt.sources();
    std::string files;
    for (const fs::path& file : sources.config_files) files += (files.empty() ? "" : ", ") + file.string();
    const LoadedSettings& loaded = rt.loaded_settings();
    const std::string what = files.empty() ? "no configuration file" : files;
    if (loaded.warnings.empty()) findings.push_back({"config", CheckStatus::pass, what + ", 0 unknown keys"});
    for (const std::string& warning : loaded.warnings) findings.push_back({"config", CheckStatus::warn, warning});
}

/// The mode's last three digits, or nothing when the file is not there.
std::optional<unsigned> mode_of(const fs::path& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return std::nullopt;
    return info.st_mode & 0777U;
}

void check_permissions(Runtime& rt, Findings& findings) {
    Finding finding{"permissions", CheckStatus::pass, "", ""};
    const auto look = [&](std::string_view what, const fs::path& path, unsigned forbidden, CheckStatus otherwise) {
        const auto mode = mode_of(path);
        if (!mode) return;
        finding.detail += fmt::format("{}{} {:04o}", finding.detail.empty() ? "" : ", ", what, *mode);
        if ((*mode & forbidden) == 0) return;
        finding.status = std::max(finding.status, otherwise);
        finding.hint += fmt::format("{}chmod {:04o} {}", finding.hint.empty() ? "" : "; ", *mode & ~forbidden, path.string());
    };
    for (const fs::path& file : rt.sources().config_files) {
        look("config", file, 0022, CheckStatus::warn);
        look("key", file.parent_path() / "master.key", 0077, CheckStatus::fail);
    }
    if (const auto file = sqlite_file(rt.settings())) {
        look("store", *file, 0007, CheckStatus::warn);
        look("folder", file->parent_path().empty() ? "." : file->parent_path(), 0002, CheckStatus::warn);
    }
    if (!finding.detail.empty()) findings.push_back(std::move(finding));
}

void check_database(Runtime& rt, Findings& findings) {
    Database& db = rt.database();
    const auto begin = std::chrono::steady_clock::now();
    blocking(db.write([](Transaction& tx) { tx.query("SELECT 1"); }));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    const auto steps = migration_status(db);
    const auto applied = std::count_if(steps.begin(), steps.end(), [](const MigrationStatus& step) { return step.applied; });
    findings.push_back(
        {"database", CheckStatus::pass, fmt::format("{}, schema {} of {}, {:.1f} ms write", db.description(), applied, schema_max, took.count())});
}

void check_disk(Runtime& rt, Findings& findings) {
    constexpr double gib = 1024.0 * 1024 * 1024, floor_gib = 1;
    const auto file = sqlite_file(rt.settings());
    std::error_code unknown;
    const fs::space_info space = fs::space(file && !file->parent_path().empty() ? file->parent_path() : fs::path("."), unknown);
    if (unknown) return;
    const double free_gib = static_cast<double>(space.available) / gib;
    findings.push_back({"disk", free_gib < floor_gib ? CheckStatus::fail : CheckStatus::pass,
                        fmt::format("{:.0f} GiB free (floor {:.0f} GiB)", free_gib, floor_gib),
                        free_gib < floor_gib ? "make room: a store without space takes no webhooks" : ""});
}

/// That there is a key, and that it is the one the store was sealed with.
void check_key(Runtime& rt, Findings& findings) {
    const Vault& vault = rt.vault();
    const auto newest = rt.read([](Snapshot& db) { return contacts::list(db, {}, {.limit = 1}); });
    for (const Contact& contact : newest) vault.open(contact.contact_jid, "contacts.contact_jid");
    findings.push_back(
        {"key", CheckStatus::pass, newest.empty() ? "master key is set; nothing is sealed under it yet" : "master key opens what the store holds"});
}

Findings findings_of(const Device& device, const Credentials& credentials) {
    Findings findings;
    const std::string id = "credentials." + device.key;
    const auto missing = [&](std::string_view what, std::string_view consequence, std::string_view variable, std::string_view name) {
        findings.push_back({id, CheckStatus::fail, fmt::format("{}: no {}; {}", device.key, what, consequence),
                            fmt::format("wabot device update {} --secret-from {}=FILE, or set {}", device.key, name, variable)});
    };
    if (credentials.app_secret.empty()) missing("app secret", "its webhooks are refused", "WHATSAPP_APP_SECRET", "app_secret");
    if (credentials.access_token.empty()) missing("access token", "it cannot send", "WHATSAPP_ACCESS_TOKEN", "access_token");
    if (credentials.verify_token.empty())
        findings.push_back({id, CheckStatus::warn, device.key + ": no verify token; the webhook cannot be set up at Meta",
                            fmt::format("wabot device update {} --secret-from verify_token=FILE, or set WHATSAPP_VERIFY_TOKEN", device.key)});
    if (findings.empty()) findings.push_back({id, CheckStatus::pass, device.key + ": app secret, access token, verify token"});
    return findings;
}

void check_credentials(Runtime& rt, Findings& findings) {
    const EnvironmentCredentials environment = environment_credentials(rt.settings());
    bool environment_has_device = environment.phone_number_id.empty();
    for (const Device& device : rt.read([](Snapshot& db) { return devices::list(db, {}, {.limit = Page::limit_max}); })) {
        if (device.status == DeviceStatus::error)
            findings.push_back({"device." + device.key, CheckStatus::fail, fmt::format("{}: {}", device.key, device.last_error.value_or("in error")),
                                devices::way_out_of_error(device.key)});
        if (device.kind != DeviceKind::whatsapp || !device.is_active) continue;
        environment_has_device = environment_has_device || device.provider_ref == environment.phone_number_id;
        for (Finding& finding : findings_of(device, devices::credentials_of(device, rt.vault(), environment))) findings.push_back(std::move(finding));
    }
    if (!environment_has_device && environment.app_secret.empty())
        findings.push_back({"credentials.environment", CheckStatus::fail,
                            "WHATSAPP_PHONE_NUMBER_ID is set, WHATSAPP_APP_SECRET is not; its webhooks are refused",
                            "set WHATSAPP_APP_SECRET or WHATSAPP_APP_SECRET_FILE"});
}

void check_requests(Runtime&, Findings& findings) {
    require_http_library();
    findings.push_back({"requests", CheckStatus::pass, "libcurl is there"});
}

void check_workers(Runtime& rt, Findings& findings) {
    const workers::Attendance attendance = rt.read(workers::attendance);
    if (attendance.unattended.empty())
        findings.push_back({"workers", CheckStatus::pass, fmt::format("{} at work", attendance.at_work)});
    else
        findings.push_back({"workers", CheckStatus::warn, workers::what_is_missing(attendance), workers::way_out(attendance)});
}

/// What nears a limit, or is at one.
void check_pace(Runtime& rt, Findings& findings) {
    for (Strain& strain : rt.read([](Snapshot& db) { return strains::list(db); }))
        findings.push_back(
            {fmt::format("pace.{}.{}", strain.device, to_word(strain.kind)), CheckStatus::warn, std::move(strain.detail), std::move(strain.hint)});
}

/// No work of ours is left of these, so that no queue tells them.
void check_failed_messages(Runtime& rt, Findings& findings) {
    const auto failed = rt.read([](Snapshot& db) { return statuses::count_failed(db, db.now() - std::chrono::hours(24)); });
    if (failed == 0) return;
    findings.push_back(
        {"messages.failed", CheckStatus::warn,
         fmt::format("{} message{} of the last 24 h accepted by the provider and then reported failed", failed, failed == 1 ? "" : "s"),
         "wabot message list --state failed; wabot message status ID says why"});
}

void check_queue(Runtime& rt, Findings& findings) {
    const std::vector<QueueRow> rows = rt.read([](Snapshot& db) { return queues::list(db); });
    findings.push_back({"queue", CheckStatus::pass, depths_of(rows) + " waiting"});
    for (const QueueRow& row : rows) {
        const std::string_view name = to_word(row.name);
        const QueueWords words = words_of_queue(row.name);
        const auto warn = [&](std::int64_t count, std::string_view what, std::string_view in_question, const std::string& hint) {
            if (count > 0)
                findings.push_back({fmt::format("queue.{}.{}", name, what), CheckStatus::warn,
                                    fmt::format("{} {} {}", count, count == 1 ? words.one : words.many, in_question), hint});
        };
        if (row.paused_since)
            findings.push_back({fmt::format("queue.{}.paused", name), CheckStatus::warn,
                                fmt::format("{} is paused since {} by {}", name, to_iso(*row.paused_since), row.paused_by.value_or("someone")),
                                fmt::format("wabot queue resume {}", name)});
        if (row.name == QueueName::inbox) {
            warn(row.dead, "dead", "could not be read", "wabot event list --state quarantined");
            warn(row.held, "held", "for no device here", "wabot event list --state unrouted");
            continue;
        }
        warn(row.dead, "dead", "given up on", fmt::format("wabot job list --state dead --queue {}; then job retry or job cancel", name));
        warn(row.uncertain, "uncertain", "that may or may not have arrived; they settle by themselves", "wabot job list --state uncertain");
        warn(row.held, "held", "waiting for a decision",
             fmt::format("wabot job list --state held --queue {}; then job {}", name,
                         row.name == QueueName::send ? "resolve" : "retry or job cancel"));
    }
}

/// What providers complained of within a week, and nothing better came after it.
void check_accounts(Runtime& rt, Findings& findings) {
    constexpr auto span = std::chrono::days(7);
    for (const Device& device : rt.read([](Snapshot& db) { return devices::list(db, {.kind = DeviceKind::whatsapp}, {.limit = Page::limit_max}); })) {
        const auto standing = rt.read([&](Snapshot& db) { return account_events::standing(db, device, db.now() - span); });
        for (const AccountEvent& event : standing.troubles)
            findings.push_back({"account." + device.key, CheckStatus::warn,
                                fmt::format("{}: {} {} on {}", device.key, event.field, event.event.value_or(""), to_iso(event.timestamp)),
                                fmt::format("wabot device events {} says more; see Meta's business manager", device.key)});
    }
    const auto refused = rt.read(templates::count_refused);
    if (refused > 0)
        findings.push_back({"templates", CheckStatus::warn, fmt::format("{} template{} cannot be sent", refused, refused == 1 ? "" : "s"),
                            "wabot template list shows which were rejected, paused or disabled"});
}

struct Check {
    std::string_view name;
    void (*run)(Runtime& rt, Findings& findings);
    std::string_view needs;  // another check, without which this one would only fail again
};

constexpr Check all_checks[] = {{"config", check_config, ""},
                                {"permissions", check_permissions, "config"},
                                {"database", check_database, "config"},
                                {"disk", check_disk, "config"},
                                {"key", check_key, "database"},
                                {"credentials", check_credentials, "key"},
                                {"requests", check_requests, ""},
                                {"workers", check_workers, "database"},
                                {"queue", check_queue, "database"},
                                {"pace", check_pace, "database"},
                                {"messages", check_failed_messages, "database"},
                                {"accounts", check_accounts, "database"}};

struct DoctorOptions {
    std::vector<std::string> checks;
    bool strict = false;
};

Findings examine(Runtime& rt, const DoctorOptions& opts) {
    Findings findings;
    std::vector<std::string_view> broken;
    for (const Check& check : all_checks) {
        const bool asked = opts.checks.empty() || std::find(opts.checks.begin(), opts.checks.end(), check.name) != opts.checks.end();
        const bool hopeless = std::find(broken.begin(), broken.end(), check.needs) != broken.end();
        if (hopeless) broken.push_back(check.name);
        if (!asked || hopeless) continue;
        try {
            check.run(rt, findings);
        } catch (const Error& error) {
            findings.push_back({std::string(check.name), CheckStatus::fail, error.what(), error.hint()});
            broken.push_back(check.name);
        }
    }
    return findings;
}

std::string lines_of(const Findings& findings, const Screen& screen) {
    std::string text;
    for (const Finding& finding : findings) {
        const Mark mark = finding.status == CheckStatus::pass ? Mark::good : finding.status == CheckStatus::warn ? Mark::warning : Mark::bad;
        const std::string_view name = std::string_view(finding.id).substr(0, finding.id.find('.'));
        text += fmt::format("  {} {:<12} {}\n", mark_text(mark, screen), name, escaped_line(finding.detail));
        if (!finding.hint.empty()) text += fmt::format("      hint: {}\n", escaped_line(finding.hint));
    }
    return text;
}

void doctor(Runtime& rt, const DoctorOptions& opts) {
    const Findings findings = examine(rt, opts);
    Output& out = rt.out();
    const OutputFormat format = out.options().format;
    if (format == OutputFormat::json || format == OutputFormat::yaml) {
        Json checks = Json::array();
        for (const Finding& finding : findings) checks.push_back(to_json(finding));
        out.document(Json{{"checks", checks}}, {});
    } else if (is_table(format) && out.options().columns.empty() && out.options().out.is_tty) {
        out.text(lines_of(findings, out.options().out));
    } else {
        out.list("check", findings);
    }
    const auto count = [&](CheckStatus status) {
        return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.status == status; });
    };
    const auto warnings = count(CheckStatus::warn), failures = count(CheckStatus::fail);
    out.say("{} checks: {} ok, {} warning{}, {} failure{}", findings.size(), count(CheckStatus::pass), warnings, warnings == 1 ? "" : "s", failures,
            failures == 1 ? "" : "s");
    if (failures > 0 || (opts.strict && warnings > 0)) throw Ending(Exit::failed);
}

std::vector<std::string_view> check_names() {
    std::vector<std::string_view> names;
    for (const Check& check : all_checks) names.push_back(check.name);
    return names;
}

}  // namespace

const Command doctor_command{.path = "doctor",
                             .summary = "Look for what keeps this installation from working; exit 1 when something does",
                             .columns = fields_of<Finding>,
                             .examples = {{"wabot doctor", "everything"}, {"wabot doctor -o json", "for monitoring"}},
                             .build = [](CommandBuilder& cmd) -> Action {
                                 auto opts = cmd.options<DoctorOptions>();
                                 cmd.argument("check", opts->checks, "Only these").words(check_names());
                                 cmd.flag("--strict", opts->strict, "Warnings fail too");
                                 return [opts](Runtime& rt) { doctor(rt, *opts); };
                             }};

}  // namespace cli
}  // namespace wabot
