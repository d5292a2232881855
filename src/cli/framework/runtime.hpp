#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cli/framework/command.hpp"
#include "cli/framework/globals.hpp"
#include "cli/output/output.hpp"
#include "core/audit/audit_draft.hpp"
#include "core/base/cause.hpp"
#include "core/config/config_files.hpp"
#include "core/database/open_database.hpp"
#include "core/database/wait.hpp"

namespace wabot {
struct LoadedSettings;
struct Settings;
struct Sources;
class Vault;
struct World;
}  // namespace wabot

namespace wabot::cli {

class Deadline;
class Pager;

/// How much a change must be wanted: `ask` takes y or --yes, `type` the object's name or --confirm=NAME.
enum class Confirm { ask, type };

/// The object graph of one command, each part made when a command first asks for it.
class Runtime {
public:
    Runtime(const Globals& globals, const Environment& environment, const Command& command, Output& out, Deadline* deadline = nullptr,
            Pager* pager = nullptr);
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
    const Settings& settings();

    /// The store, open and of a schema this binary knows.
    Database& database();
    /// The store, open, whatever its schema; for the commands that look after it.
    Database& unchecked_database(DatabaseOptions options = {});
    /// Error{invalid} when there is no master key.
    const Vault& vault();

    /// What ends the command when its time is over, if anything does.
    Deadline* deadline() { return deadline_; }
    bool dry_run() const { return globals_.dry_run; }
    const Globals& globals() const { return globals_; }
    const Environment& environment() const { return environment_; }

    /// Returns when `text`, which says what would be lost, is agreed to; CommandExit{not_confirmed} when not, or when no person can be asked. Under
    /// --dry-run nothing is lost and nothing is asked.
    void confirm(Confirm level, const std::string& text, const std::string& name = {});

    /// Whether what is sealed is to be shown in full. Before the first time the audit log notes that; Error{unavailable} when it cannot.
    bool reveals();

    /// What the audit log shall say of this command although no unit by itself knows it, for those that change things unit by unit: the entry is
    /// written with the first.
    void plan_audit(AuditDraft intent) { planned_ = std::move(intent); }

    /// Runs a unit, with the command's entry in the audit log when it changes something. Under --dry-run the database rolls it back.
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> write(Work work) {
        using Result = std::invoke_result_t<Work&, Transaction&>;
        if constexpr (std::is_void_v<Result>) {
            run(std::ref(work));
        } else {
            std::optional<Result> result;
            run([&](Transaction& tx) { result.emplace(work(tx)); });
            return std::move(*result);
        }
    }
    /// Runs a unit and rolls it back: what would come of it.
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> rehearse(Work work) {
        std::optional<std::invoke_result_t<Work&, Transaction&>> result;
        run_and_roll_back([&](Transaction& tx) { result.emplace(work(tx)); });
        return std::move(*result);
    }
    template <class Query>
    std::invoke_result_t<Query&, Snapshot&> read(Query query) {
        return read_and_wait(database(), std::move(query));
    }

private:
    void run(const std::function<void(Transaction&)>& work);
    void run_and_roll_back(const std::function<void(Transaction&)>& work);
    /// The name that a list shows an object by.
    std::string shown_name(std::string_view noun, std::int64_t id);
    void adopt_output_settings();
    void adopt_pager();
    /// Writes the entry when there is something to say and it was not said yet.
    bool record_audit(Transaction& tx);

    const Globals& globals_;
    const Environment& environment_;
    const Command& command_;
    Output& out_;
    Deadline* const deadline_;
    std::optional<std::string> config_;
    std::vector<std::pair<std::string, std::string>> overrides_;
    std::optional<Cause> cause_;
    AuditDraft planned_, draft_;
    bool has_entry_ = false;
    bool noted_reveal_ = false;
    std::unique_ptr<LoadedSettings> settings_;
    std::unique_ptr<Database> database_;
    bool schema_checked_ = false;
    std::map<std::string, std::string, std::less<>> shown_names_;
    std::unique_ptr<Vault> vault_;
    Pager* const pager_;
    std::filesystem::path project_file_;  // among the sources of the settings; empty = none
};

}  // namespace wabot::cli
