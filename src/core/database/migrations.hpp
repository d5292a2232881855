#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/describe.hpp"

namespace wabot {

class Database;

/// One numbered step of the schema, with its way back. The folder `migrations/<dialect>` is the list; it is compiled in.
struct Migration {
    int revision;
    std::string_view dialect;
    std::string_view name;  // "0001_directory"
    std::string_view up;
    std::string_view down;
    std::string_view checksum;  // SHA-256 of `up`, in hexadecimal digits
};

/// The steps for `dialect`, in order, without gaps, from 1.
std::vector<Migration> migrations_for(std::string_view dialect);

/// A step and where the store stands with it.
struct MigrationStatus {
    int revision;
    std::string name;
    bool applied;
    std::optional<Time> applied_at;
};
WABOT_DESCRIBE(MigrationStatus, FIELD(revision, .key = true), FIELD(name), FIELD(applied), FIELD(applied_at))

/// Revisions this binary works on: `serve` and `worker` of two neighbouring versions may share a store.
inline constexpr int schema_min = 15;
/// The newest one embedded.
int schema_max();

/// Refuses a store this binary cannot work on, changing nothing. Error{conflict} with the command that helps: empty, too old, too new, changed
/// by hand, or made by another tool.
void check_schema(Database& db);

std::vector<MigrationStatus> migration_status(Database& db);

/// Applies every step up to `to` (default: all), each in a unit of its own, and says which. A store that holds data is backed up first. `done` is
/// called after each step.
std::vector<Migration> migrate_up(Database& db, std::optional<int> to = std::nullopt, const std::function<void()>& done = {});

/// Takes the last step back, after a backup. Error{conflict} when there is none.
Migration migrate_down(Database& db);

}  // namespace wabot
