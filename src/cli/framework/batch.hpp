#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/framework/runtime.hpp"

namespace wabot::cli {

/// What came of a step that one command takes for several objects.
template <class ObjectId>
struct BatchResult {
    std::vector<ObjectId> changed;
    std::vector<Fault> failed;
    Errc first_failure{};
};

/// Takes `step(id, place)`, which says whether it changed something, for each; of several, one that cannot be taken leaves the others theirs.
/// `name(id)` is what a failure calls it.
template <class ObjectId, class Name, class Step>
BatchResult<ObjectId> apply_each(Transaction& tx, const std::vector<ObjectId>& ids, Name name, Step step) {
    BatchResult<ObjectId> taken;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        try {
            tx.savepoint([&] {
                if (step(ids[i], i)) taken.changed.push_back(ids[i]);
            });
        } catch (const Error& error) {
            const bool is_of_this_one = error.code() == Errc::not_found || error.code() == Errc::conflict;
            if (!is_of_this_one || ids.size() == 1) throw;
            if (taken.failed.empty()) taken.first_failure = error.code();
            taken.failed.push_back({name(ids[i]), error.what(), std::string(to_word(error.code()))});
        }
    }
    return taken;
}

/// Ends a command some of whose steps failed, which are listed: CommandExit{partial} unless all of the `count` did. `done` says what changed.
template <class ObjectId>
void refuse_failures(Runtime& rt, const BatchResult<ObjectId>& taken, std::size_t count, const std::string& done) {
    if (taken.failed.empty()) return;
    const std::string failed = fmt::format("{} of {} failed", taken.failed.size(), count);
    const std::string_view rehearsed = rt.dry_run() ? " (dry run, nothing changed)" : "";
    throw CommandExit(taken.failed.size() < count ? Exit::partial : exit_of(taken.first_failure),
                      taken.changed.empty() ? failed : fmt::format("{}{}; {}", done, rehearsed, failed), taken.failed);
}

}  // namespace wabot::cli
