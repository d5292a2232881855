#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/progress.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "core/base/blocking.hpp"
#include "core/base/duration.hpp"
#include "core/files/blob_cleanup.hpp"
#include "core/files/blob_store.hpp"
#include "core/files/files.hpp"
#include "core/retention/retention.hpp"

namespace wabot {

/// A line of `retention show`.
struct KeptNoun {
    std::string noun;
    std::string what;
    std::optional<std::int64_t> keep;  // seconds, rounded up; none = for ever
    std::string setting;
};
WABOT_DESCRIBE(KeptNoun, FIELD(noun, .key = true), FIELD(what),
               FIELD(keep, .seconds = true, .doc = "Retention time in seconds, as in 30d; null: data is kept for ever"), FIELD(setting))

/// A line of `retention run`.
struct PurgedNoun {
    std::string noun;
    std::int64_t rows;
    bool changed;
    bool dry_run;
};
WABOT_DESCRIBE(PurgedNoun, FIELD(noun, .key = true), FIELD(rows), FIELD(changed), FIELD(dry_run))

namespace cli {

namespace {

std::optional<std::int64_t> seconds_of(std::chrono::milliseconds keep) {
    return keep.count() == 0 ? std::nullopt : std::optional(std::chrono::ceil<std::chrono::seconds>(keep).count());
}

void retention_show(Runtime& rt, const PagingOptions& paging) {
    ShortList<KeptNoun> list(rt, "retention", paging);
    const retention::Keep keep = retention_keep(rt.settings());
    std::vector<KeptNoun> rows;
    for (const retention::Rule& rule : retention::all_rules())
        rows.push_back({std::string(rule.noun), std::string(rule.what), seconds_of(keep.*rule.keep), std::string(rule.setting)});
    rows.push_back({"message", "messages, with their turns and sends", std::nullopt, ""});
    list.show([&] { return rows; });
}

std::vector<std::string_view> rule_names() {
    std::vector<std::string_view> names;
    for (const retention::Rule& rule : retention::all_rules()) names.push_back(rule.noun);
    return names;
}

struct RunOptions {
    std::vector<std::string> nouns;
};

std::int64_t due(Runtime& rt, const retention::Rule& rule, const retention::Keep& keep) {
    return rt.read([&](Snapshot& db) { return retention::count(db, rule, keep); });
}

std::int64_t take_away(Runtime& rt, const retention::Rule& rule, const retention::Keep& keep) {
    std::int64_t rows = 0;
    Progress progress(rt, fmt::format("{}s", rule.noun));
    for (retention::Step last{.is_last = false}; !last.is_last; rows += last.rows) {
        last = rt.write([&, from = last.next](Transaction& tx) {
            const retention::Step step = retention::step(tx, rule, keep, from);
            if (step.rows > 0) audit::note(rt.cause(), "retention.run", fmt::format("retention/{}", rule.noun));
            return step;
        });
        progress.advance(last.rows);
    }
    return rows;
}

/// For the entry in the audit log, which is written with the first of many units: all that is due.
AuditDraft intent(Runtime& rt, const std::vector<const retention::Rule*>& rules, const retention::Keep& keep) {
    AuditDraft intent;
    Json rows = Json::object();
    for (const retention::Rule* rule : rules) {
        const std::int64_t count = due(rt, *rule, keep);
        if (count == 0) continue;
        rows[std::string(rule->noun)] = count;
        intent.objects.push_back(fmt::format("retention/{}", rule->noun));
    }
    intent.facts.emplace_back("rows", JsonText{write_json(rows)});
    return intent;
}

std::vector<const retention::Rule*> rules_of(const RunOptions& opts) {
    std::vector<const retention::Rule*> rules;
    for (const retention::Rule& rule : retention::all_rules())
        if (opts.nouns.empty() || std::ranges::find(opts.nouns, rule.noun) != opts.nouns.end()) rules.push_back(&rule);
    return rules;
}

void retention_run(Runtime& rt, const RunOptions& opts) {
    const retention::Keep keep = retention_keep(rt.settings());
    std::vector<PurgedNoun> purged;
    const auto rules = rules_of(opts);
    if (!rt.dry_run()) rt.plan_audit(intent(rt, rules, keep));
    for (const retention::Rule* rule : rules) {
        const std::int64_t rows = rt.dry_run() ? due(rt, *rule, keep) : take_away(rt, *rule, keep);
        purged.push_back({std::string(rule->noun), rows, rows > 0, rt.dry_run()});
        rt.out().note_change(rows > 0);
        const auto age = keep.*(rule->keep);
        rt.out().say("{} {} ({}, {}){}", rt.dry_run() ? "would delete" : "deleted", rows, rule->what,
                     age.count() == 0 ? "kept for ever" : "older than " + show_duration(age), rt.dry_run() ? " (dry run, nothing changed)" : "");
    }
    if (!rt.dry_run()) {
        const auto blobs = open_local_blobs(files_folder(rt.settings()));
        blocking(files::remove_deleted(rt.database(), *blobs));
    }
    if (rt.out().options().format_given) rt.out().list("retention", purged);
}

}  // namespace

std::span<const Command> retention_commands() {
    static const Command table[] = {
        // namespace
        {.path = "retention show",
         .summary = "Show retention times",
         .columns = fields_of<KeptNoun>,
         .examples = {{"wabot retention show", "with the settings"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<PagingOptions>();
             declare_short_paging(cmd, *opts);
             return [opts](Runtime& rt) { retention_show(rt, *opts); };
         }},
        {.path = "retention run",
         .summary = "Delete data older than its retention time; workers do this every hour",
         .effect = Effect::writes,
         .columns = fields_of<PurgedNoun>,
         .examples = {{"wabot retention run -n", "counts what would be deleted"}, {"wabot retention run webhook", "deletes now"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<RunOptions>();
             cmd.argument("noun", opts->nouns, "Run only these checks").words(rule_names());
             return [opts](Runtime& rt) { retention_run(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
