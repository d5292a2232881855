#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/framework/list_request.hpp"
#include "cli/framework/progress.hpp"
#include "cli/framework/runtime.hpp"
#include "core/database/database.hpp"
#include "core/database/migrations.hpp"

namespace wabot {

/// What `migrate plan` shows.
struct PlannedMigration {
    std::int64_t revision;
    std::string name;
    std::string sql;
};
WABOT_DESCRIBE(PlannedMigration, FIELD(revision, .key = true), FIELD(name), FIELD(sql))

namespace cli {

namespace {

void migrate_status(Runtime& rt, const PagingOptions& paging) {
    ShortList<MigrationStatus> list(rt, "migration", paging);
    std::vector<MigrationStatus> steps;
    list.show([&] { return steps = migration_status(rt.unchecked_database()); });
    const auto pending = std::count_if(steps.begin(), steps.end(), [](const MigrationStatus& step) { return !step.applied; });
    if (pending == 0) return;
    rt.out().say("{} pending: wabot migrate up", pending);
    throw CommandExit(Exit::differs);
}

void migrate_plan(Runtime& rt) {
    Database& db = rt.unchecked_database();
    const std::vector<MigrationStatus> steps = migration_status(db);
    std::vector<PlannedMigration> plan;
    std::string sql;
    for (const Migration& step : migrations_for(db.dialect())) {
        const bool applied =
            std::any_of(steps.begin(), steps.end(), [&](const MigrationStatus& s) { return s.revision == step.revision && s.applied; });
        if (applied) continue;
        plan.push_back({step.revision, std::string(step.name), std::string(step.up)});
        sql += fmt::format("-- {}\n{}\n", step.name, step.up);
    }
    if (plan.empty()) rt.out().say("nothing to do");
    if (is_table(rt.out().options().format) && rt.out().options().columns.empty()) return rt.out().text(sql);
    rt.out().list("migration", plan);
}

struct UpOptions {
    std::optional<int> to;
};

std::vector<Migration> apply_with_progress(Runtime& rt, Database& db, std::optional<int> to, std::int64_t due) {
    Progress progress(rt, "migrations", due);
    return wabot::migrate_up(db, to, [&] { progress.advance(); });
}

void migrate_up(Runtime& rt, const UpOptions& opts) {
    Database& db = rt.unchecked_database({.create = !rt.dry_run()});
    const std::vector<MigrationStatus> steps = migration_status(db);
    const auto due =
        std::count_if(steps.begin(), steps.end(), [&](const MigrationStatus& s) { return !s.applied && s.revision <= opts.to.value_or(s.revision); });
    if (rt.dry_run()) return rt.out().did(due > 0, "would apply {} of {} migrations", due, steps.size());
    const std::vector<Migration> applied = apply_with_progress(rt, db, opts.to, due);
    if (applied.empty()) return rt.out().did(false, "the schema is up to date; nothing to do");
    rt.out().did(true, "applied {} migration{}, now at {}", applied.size(), applied.size() == 1 ? "" : "s", applied.back().name);
}

void migrate_down(Runtime& rt) {
    Database& db = rt.unchecked_database();
    const std::vector<MigrationStatus> steps = migration_status(db);
    const auto last = std::find_if(steps.rbegin(), steps.rend(), [](const MigrationStatus& step) { return step.applied; });
    if (last == steps.rend()) throw Error(Errc::conflict, "there is no migration to revert");
    rt.confirm(Confirm::type, fmt::format("reverting {} deletes the data in its tables", last->name), last->name);
    if (rt.dry_run()) return rt.out().did(true, "would revert {}", last->name);
    rt.out().did(true, "reverted {}", wabot::migrate_down(db).name);
}

}  // namespace

std::span<const Command> migrate_commands() {
    static const Command table[] = {
        // namespace
        {.path = "migrate status",
         .summary = "Show the schema migrations; exit 10 when some are pending",
         .columns = fields_of<MigrationStatus>,
         .examples = {{"wabot migrate status", "which migrations are applied"}, {"wabot migrate status -q || wabot migrate up", "only when needed"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<PagingOptions>();
             declare_short_paging(cmd, *opts);
             return [opts](Runtime& rt) { migrate_status(rt, *opts); };
         }},
        {.path = "migrate plan",
         .summary = "Print the SQL that migrate up would run",
         .columns = fields_of<PlannedMigration>,
         .examples = {{"wabot migrate plan", "before an upgrade"}},
         .build = [](CommandBuilder&) -> Action { return migrate_plan; }},
        {.path = "migrate up",
         .summary = "Migrate the database to this version's schema, or create it; a database with data is backed up first",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot migrate up", "after an upgrade"}, {"wabot migrate up -n", "what would be applied"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<UpOptions>();
             cmd.option("--to", opts->to, "Stop at this revision").shown_as("N");
             return [opts](Runtime& rt) { migrate_up(rt, *opts); };
         }},
        {.path = "migrate down",
         .summary = "Revert the last migration, after a backup",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot migrate down -n", "what would be reverted; --confirm NAME reverts it"}},
         .build = [](CommandBuilder&) -> Action { return migrate_down; }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
