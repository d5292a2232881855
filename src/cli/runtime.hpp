#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/globals.hpp"
#include "cli/output/output.hpp"
#include "core/base/cause.hpp"
#include "core/base/clock.hpp"
#include "core/base/settings.hpp"
#include "core/base/vault.hpp"
#include "core/database/database.hpp"

namespace wabot::cli {

/// How much a change must be wanted: `ask` takes y or --yes, `type` the object's name or --confirm=NAME.
enum class Confirm { ask, type };

/// The object graph of one command, each part made when a command first asks for it.
class Runtime {
public:
    Runtime(const Globals& globals, const Environment& environment, Effect effect, Output& out);
    ~Runtime();

    Output& out() { return out_; }
    World& world();
    /// Who acts, `cli:<unix user>`, and this invocation's id.
    const Cause& cause();

    /// A flag that stands for a setting: wins over every other source. Before settings() is first called.
    void override_setting(std::string name, std::string text);
    /// Reads this configuration file, whatever -c says. Before settings() is first called.
    void use_config(std::string file) { config_ = std::move(file); }
    /// Where settings would be read from.
    Sources sources();
    /// Error{invalid} with every fault. Warnings are told once, on stderr.
    const LoadedSettings& loaded_settings();
    const Settings& settings() { return loaded_settings().values; }

    /// The store, open and of a schema this binary knows.
    Database& database();
    /// The store, open, whatever its schema; for the commands that look after it.
    Database& unchecked_database(DatabaseOptions options = {});
    /// Error{unavailable} when there is no master key.
    const Vault& vault();

    bool dry_run() const { return globals_.dry_run; }
    const Globals& globals() const { return globals_; }
    const Environment& environment() const { return environment_; }

    /// Returns when `text`, which says what would be lost, is agreed to; Ending{not_confirmed} when not, or when nobody can be asked. Under
    /// --dry-run nothing is lost and nothing is asked.
    void confirm(Confirm level, const std::string& text, const std::string& name = {});

    /// Runs a unit, or under --dry-run rehearses it: the same unit, rolled back.
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> write(Work work) {
        if (dry_run()) return rehearse(std::move(work));
        return blocking(database().write(std::move(work)));
    }
    /// Runs a unit and rolls it back: what would come of it.
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> rehearse(Work work) {
        using Result = std::invoke_result_t<Work&, Transaction&>;
        std::optional<std::conditional_t<std::is_void_v<Result>, bool, Result>> result;
        const auto unit = [&work, &result](Transaction& tx) {
            if constexpr (std::is_void_v<Result>)
                work(tx);
            else
                result.emplace(work(tx));
            throw RolledBack{};
        };
        try {
            blocking(database().write(unit));
        } catch (const RolledBack&) {
        }
        if constexpr (!std::is_void_v<Result>) return std::move(*result);
    }
    template <class Query>
    std::invoke_result_t<Query&, Snapshot&> read(Query query) {
        return blocking(database().read(std::move(query)));
    }

private:
    void adopt_output_settings();

    struct RolledBack {};

    const Globals& globals_;
    const Environment& environment_;
    Effect effect_;
    Output& out_;
    std::optional<std::string> config_;
    std::vector<std::pair<std::string, std::string>> overrides_;
    std::optional<Cause> cause_;
    std::optional<LoadedSettings> settings_;
    std::unique_ptr<Database> database_;
    bool schema_checked_ = false;
    std::unique_ptr<Vault> vault_;
};

}  // namespace wabot::cli
