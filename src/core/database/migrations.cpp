#include "core/database/migrations.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/database/database.hpp"
#include "core/database/embedded_migrations.hpp"
#include "core/database/wait.hpp"

namespace wabot {

struct AppliedMigration {
    int revision;
    std::string name;
    std::string checksum;
    Time applied_at;
};
WABOT_DESCRIBE(AppliedMigration, FIELD(revision), FIELD(name), FIELD(checksum), FIELD(applied_at))

namespace {

/// What was applied so far; nullopt for a store without our version table.
std::optional<std::vector<AppliedMigration>> applied_steps(Database& db) {
    const auto tables = db.table_names();
    if (std::find(tables.begin(), tables.end(), "schema_migrations") == tables.end()) {
        if (tables.empty()) return std::nullopt;
        throw Error(Errc::conflict, "the database holds tables of another tool (\"" + tables.front() + "\")",
                    "point DATABASE_URL at an empty database or at one of wabot's");
    }
    auto load = [](Snapshot& snapshot) {
        return snapshot.query("SELECT revision, name, checksum, applied_at FROM schema_migrations ORDER BY revision").all<AppliedMigration>();
    };
    return read_and_wait(db, load);
}

void refuse_changed_history(const std::vector<AppliedMigration>& applied, const std::vector<Migration>& known) {
    for (const AppliedMigration& step : applied) {
        if (step.revision > static_cast<int>(known.size())) continue;  // newer than we are: said elsewhere
        const Migration& ours = known[static_cast<std::size_t>(step.revision) - 1];
        if (ours.name != step.name || ours.checksum != step.checksum)
            throw Error(Errc::conflict, "migration " + step.name + " of the database is not the migration of that name in this wabot",
                        "use the wabot that made this database, or restore a backup");
    }
}

void refuse_newer(const std::vector<AppliedMigration>& applied) {
    if (applied.empty() || applied.back().revision <= schema_max()) return;
    throw Error(Errc::conflict,
                "the database is at revision " + std::to_string(applied.back().revision) + ", newer than this wabot, which supports up to " +
                    std::to_string(schema_max()),
                "use a newer wabot, or go back with that one's: wabot migrate down");
}

/// False when another process was quicker.
bool apply(Database& db, const Migration& step) {
    auto work = [step](Transaction& tx) {
        tx.script(
            "CREATE TABLE IF NOT EXISTS schema_migrations (revision BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at "
            "BIGINT NOT NULL)");
        static constexpr std::string_view sql =
            "INSERT INTO schema_migrations (revision, name, checksum, applied_at) VALUES ($1, $2, $3, $4) ON CONFLICT (revision) DO NOTHING";
        if (tx.execute(sql, step.revision, step.name, step.checksum, tx.now()) == 0) return false;
        tx.script(step.up);
        WABOT_FAULT("migration.written");
        return true;
    };
    try {
        return write_and_wait(db, work);
    } catch (const Error& error) {
        if (error.code() != Errc::conflict) throw;
    }
    return write_and_wait(db, work);  // two made the table of versions at the same moment, which some engines refuse
}

}  // namespace

std::vector<Migration> migrations_for(std::string_view dialect) {
    std::vector<Migration> out;
    for (const Migration& step : embedded_migrations())
        if (step.dialect == dialect) out.push_back(step);
    std::sort(out.begin(), out.end(), [](const Migration& a, const Migration& b) { return a.revision < b.revision; });
    return out;
}

int schema_max() {
    int newest = 0;
    for (const Migration& step : embedded_migrations()) newest = std::max(newest, step.revision);
    return newest;
}

void check_schema(Database& db) {
    const auto applied = applied_steps(db);
    if (!applied || applied->empty()) throw Error(Errc::conflict, "the database is empty", "make its tables with: wabot migrate up");
    const auto known = migrations_for(db.dialect());
    refuse_changed_history(*applied, known);
    const int revision = applied->back().revision;
    if (revision < schema_min)
        throw Error(Errc::conflict, "the database is at revision " + std::to_string(revision) + ", this wabot needs " + std::to_string(schema_min),
                    "bring it up with: wabot migrate up");
    refuse_newer(*applied);
}

std::vector<MigrationStatus> migration_status(Database& db) {
    const auto applied = applied_steps(db).value_or(std::vector<AppliedMigration>{});
    const auto known = migrations_for(db.dialect());
    refuse_changed_history(applied, known);
    refuse_newer(applied);
    std::vector<MigrationStatus> out;
    for (const AppliedMigration& step : applied) out.push_back({step.revision, step.name, true, step.applied_at});
    for (const Migration& step : known)
        if (step.revision > static_cast<int>(applied.size())) out.push_back({step.revision, std::string(step.name), false, std::nullopt});
    return out;
}

std::vector<Migration> migrate_up(Database& db, std::optional<int> to, const std::function<void()>& done) {
    const auto applied = applied_steps(db).value_or(std::vector<AppliedMigration>{});
    const auto known = migrations_for(db.dialect());
    refuse_changed_history(applied, known);
    refuse_newer(applied);
    const int last = to.value_or(static_cast<int>(known.size()));
    if (last < 1 || last > static_cast<int>(known.size()))
        throw Error(Errc::invalid, "there is no revision " + std::to_string(last), "this wabot supports 1 to " + std::to_string(known.size()));
    std::vector<Migration> due;
    for (const Migration& step : known)
        if (step.revision > static_cast<int>(applied.size()) && step.revision <= last) due.push_back(step);
    if (!due.empty() && !applied.empty()) db.back_up();
    std::erase_if(due, [&](const Migration& step) {
        const bool applied = apply(db, step);
        if (done) done();
        return !applied;
    });
    return due;
}

Migration migrate_down(Database& db) {
    const auto applied = applied_steps(db).value_or(std::vector<AppliedMigration>{});
    if (applied.empty()) throw Error(Errc::conflict, "there is no migration to revert");
    const auto known = migrations_for(db.dialect());
    refuse_changed_history(applied, known);
    if (applied.back().revision > static_cast<int>(known.size()))
        throw Error(Errc::conflict, "migration " + applied.back().name + " is newer than this wabot", "revert it with the wabot that applied it");
    const Migration step = known[static_cast<std::size_t>(applied.back().revision) - 1];
    db.back_up();
    auto work = [step](Transaction& tx) {
        if (tx.execute("DELETE FROM schema_migrations WHERE revision = $1", step.revision) == 0)
            throw Error(Errc::conflict, "another process took migration " + std::string(step.name) + " back");
        tx.script(step.down);
    };
    write_and_wait(db, work);
    return step;
}

}  // namespace wabot
