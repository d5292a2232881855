#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands/doctor/checks.hpp"
#include "cli/framework/progress.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/output/display.hpp"

namespace wabot::cli {

std::span<const Check> all_checks() {
    static constexpr Check table[] = {
        {"config", check_config, ""},
        {"permissions", check_permissions, "config"},
        {"database", check_database, "config"},
        {"disk", check_disk, "config"},
        {"clock", check_clock, "database"},
        {"files", check_files, "database"},
        {"key", check_key, "database"},
        {"secrets", check_secrets, "config"},
        {"credentials", check_credentials, "key"},
        {"requests", check_requests, ""},
        {"security", check_security, "database"},
        {"provider", check_provider, "key"},
        {"workers", check_workers, "database"},
        {"queue", check_queue, "database"},
        {"pace", check_pace, "database"},
        {"messages", check_failed_messages, "database"},
        {"accounts", check_accounts, "database"},
    };
    return table;
}

namespace {

using Findings = std::vector<Finding>;

struct DoctorOptions {
    std::vector<std::string> checks;
    bool strict = false;
    bool fix = false;
};

Findings examine(Runtime& rt, const DoctorOptions& opts) {
    Examination exam{rt, opts.fix};
    std::vector<std::string_view> broken;
    Progress progress(rt, "checks", static_cast<std::int64_t>(all_checks().size()));
    for (const Check& check : all_checks()) {
        progress.advance();
        const bool asked = opts.checks.empty() || std::find(opts.checks.begin(), opts.checks.end(), check.name) != opts.checks.end();
        const bool hopeless = std::find(broken.begin(), broken.end(), check.needs) != broken.end();
        if (hopeless) broken.push_back(check.name);
        if (!asked || hopeless) continue;
        try {
            check.run(exam);
        } catch (const Error& error) {
            exam.findings.push_back({std::string(check.name), CheckStatus::fail, error.what(), error.hint()});
            broken.push_back(check.name);
        }
    }
    return std::move(exam.findings);
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
    out.say("{} check{}: {} ok, {} warning{}, {} failure{}", findings.size(), findings.size() == 1 ? "" : "s", count(CheckStatus::pass), warnings,
            warnings == 1 ? "" : "s", failures, failures == 1 ? "" : "s");
    if (failures > 0 || (opts.strict && warnings > 0)) throw CommandExit(Exit::failed);
}

std::vector<std::string_view> check_names() {
    std::vector<std::string_view> names;
    for (const Check& check : all_checks()) names.push_back(check.name);
    return names;
}

}  // namespace

std::span<const Command> doctor_commands() {
    static const Command table[] = {
        // namespace
        {.path = "doctor",
         .summary = "Check this installation; exit 1 when a check fails",
         .columns = fields_of<Finding>,
         .examples = {{"wabot doctor", "everything"}, {"wabot doctor database provider -o json", "two checks, for monitoring"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DoctorOptions>();
             cmd.argument("check", opts->checks, "Run only these checks").words(check_names());
             cmd.flag("--strict", opts->strict, "Exit 1 also for warnings");
             cmd.flag("--fix", opts->fix, "Remove group and other permissions from key, store and configuration");
             return [opts](Runtime& rt) { doctor(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
