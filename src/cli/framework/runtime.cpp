#include "cli/framework/runtime.hpp"

#include <fmt/ranges.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "cli/framework/private_file.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/pager.hpp"
#include "core/audit/audit_log.hpp"
#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/config/load_settings.hpp"
#include "core/config/settings.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/database/migrations.hpp"
#include "core/operations/object_names.hpp"

namespace wabot::cli {

Runtime::Runtime(const Globals& globals, const Environment& environment, const Command& command, Output& out, Deadline* deadline, Pager* pager)
    : globals_(globals), environment_(environment), command_(command), out_(out), deadline_(deadline), config_(globals.config), pager_(pager) {
    if (globals.reveal)
        out.show_sealed_with([this](const Sealed& value, std::string_view data) {
            const Vault& key = vault();
            return reveals() ? key.open(value, data) : masked(value);
        });
    out.show_names_with([this](std::string_view noun, std::int64_t id) { return shown_name(noun, id); });
    if (globals.verbose > 0) override_setting("log.level", globals.verbose > 1 ? "debug" : "info");
    if (globals.quiet) override_setting("log.level", "error");
    if (globals.log_format) override_setting("log.format", std::string(to_word(*globals.log_format)));
}

Runtime::~Runtime() {
    if (database_) database_->close();
}

World& Runtime::world() {
    return real_world();
}

const Cause& Runtime::cause() {
    if (!cause_) {
        const passwd* user = getpwuid(geteuid());
        const std::string name = user != nullptr ? user->pw_name : std::to_string(geteuid());
        cause_ = Cause{.actor = {.kind = "cli", .label = "cli:" + name}, .request_id = world().random.word(16)};
        if (command_.effect != Effect::runs) cause_->draft = &draft_;  // what a server does it does by itself, and from several threads
    }
    return *cause_;
}

void Runtime::override_setting(std::string name, std::string text) {
    overrides_.emplace_back(std::move(name), std::move(text));
}

std::string Runtime::shown_name(std::string_view noun, std::int64_t id) {
    constexpr std::size_t names_kept_max = 10'000;
    if (shown_names_.size() >= names_kept_max) shown_names_.clear();
    const auto [name, is_new] = shown_names_.try_emplace(fmt::format("{}/{}", noun, id));
    if (is_new) name->second = read([&](Snapshot& db) { return names::shown(db, noun, id); });
    return name->second;
}

Sources Runtime::sources() {
    std::error_code gone;
    const ConfigSearch place{.environment = environment_,
                             .working_folder = std::filesystem::current_path(gone),
                             .user_id = geteuid(),
                             .named = config_,
                             .service = command_.effect == Effect::runs};
    FoundFiles found = find_config_files(place);
    for (const std::string& warning : found.warnings) out_.say("warning: {}", warning);
    Sources sources{.flags = overrides_, .environment = environment_, .config_files = std::move(found.files), .user_id = place.user_id};
    sources.lenient = globals_.config_lenient;
    project_file_ = std::move(found.project_file);
    if (globals_.env_file) sources.env_file = *globals_.env_file;
    return sources;
}

void Runtime::adopt_output_settings() {
    const Settings& values = *settings_->values;
    if (!globals_.output && !out_.options().reshaper && !values.cli.output.empty()) {
        const auto format = from_word<OutputFormat>(values.cli.output);
        if (!format)
            throw Error(Errc::invalid, fmt::format("cli.output is \"{}\"", values.cli.output),
                        fmt::format("one of {}", fmt::join(words_of<OutputFormat>, ", ")));
        out_.adopt_format(*format);
    }
    if (globals_.color == "auto" && values.cli.color != "auto") out_.adopt_color(values.cli.color == "always");
    if (pager_ != nullptr && !values.cli.pager.empty()) adopt_pager();
}

/// The pager is not read from a file in the current folder: a file that came with foreign files could name a program to run.
void Runtime::adopt_pager() {
    const std::string& program = settings_->values->cli.pager;
    const bool is_found = !project_file_.empty() && settings_->origin_of("cli.pager").starts_with(fmt::format("file {}:", project_file_.string()));
    if (is_found) return out_.say("warning: {}: cli.pager is not used; name the file with -c to use it", project_file_.string());
    pager_->use(program == "cat" ? "" : program);
}

const LoadedSettings& Runtime::loaded_settings() {
    if (!settings_) {
        settings_ = std::make_unique<LoadedSettings>(load_settings(sources()));
        for (const std::string& warning : settings_->warnings) out_.say("warning: {}", warning);
        adopt_output_settings();
        log::debug("settings read", {{"database", mask_url_password(settings_->values->store.database_url)}});
    }
    return *settings_;
}

namespace {

void create_store_folder(std::string_view url) {
    constexpr std::string_view scheme = "sqlite:///";
    if (url.starts_with(scheme)) create_folder(std::filesystem::path(url.substr(scheme.size())).parent_path());
}

}  // namespace

Database& Runtime::unchecked_database(DatabaseOptions options) {
    if (!database_) {
        options.dry_run = dry_run();
        options.create = options.create && !dry_run();
        if (options.create) create_store_folder(settings().store.database_url);
        database_ = open_database(settings().store.database_url, world().clock, options);
        log::debug("store opened", {{"what", database_->description()}});
    }
    return *database_;
}

Database& Runtime::database() {
    Database& db = unchecked_database();
    if (!schema_checked_) check_schema(db);
    schema_checked_ = true;
    return db;
}

const Vault& Runtime::vault() {
    if (!vault_) {
        const Secret& key = settings().store.master_key;
        if (key.empty())
            throw Error(Errc::invalid, "there is no master key, and phone numbers and credentials are sealed with it",
                        "set WABOT_MASTER_KEY or WABOT_MASTER_KEY_FILE; wabot init makes a key for a new store");
        vault_ = std::make_unique<Vault>(key.reveal(), world().random);
    }
    return *vault_;
}

const Settings& Runtime::settings() {
    return *loaded_settings().values;
}

void Runtime::run(const std::function<void(Transaction&)>& work) {
    bool writes_entry = false;
    run_and_wait(database(), [&](Transaction& tx) {
        draft_ = {};  // the unit may run more than once
        work(tx);
        writes_entry = record_audit(tx);
    });
    has_entry_ = has_entry_ || writes_entry;
}

namespace {

struct RolledBack {};

}  // namespace

void Runtime::run_and_roll_back(const std::function<void(Transaction&)>& work) {
    try {
        run_and_wait(database(), [&work](Transaction& tx) {
            work(tx);
            throw RolledBack{};
        });
    } catch (const RolledBack&) {
    }
}

bool Runtime::record_audit(Transaction& tx) {
    if (has_entry_ || draft_.changes.empty()) return false;
    AuditDraft whole = planned_;
    std::move(draft_.changes.begin(), draft_.changes.end(), std::back_inserter(whole.changes));
    std::move(draft_.objects.begin(), draft_.objects.end(), std::back_inserter(whole.objects));
    std::move(draft_.facts.begin(), draft_.facts.end(), std::back_inserter(whole.facts));
    audit::record(tx, cause(), AuditKind::change, command_.path, whole);
    return true;
}

bool Runtime::reveals() {
    if (!globals_.reveal || noted_reveal_) return globals_.reveal;
    AuditDraft draft;
    draft.objects.emplace_back(command_.noun());
    const auto note = [&](Transaction& tx) { audit::record(tx, cause(), AuditKind::reveal, command_.path, draft); };
    try {
        write_and_wait(database(), note);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("the audit log cannot note that numbers are shown, so they are not: {}", error.what()), error.hint());
    }
    noted_reveal_ = true;
    return true;
}

namespace {

using Terminal = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// Where a person can be asked: the terminal that this runs on, whatever stdin is. None when there is no input at all.
Terminal open_terminal() {
    struct stat input {};
    const bool has_none = fstat(STDIN_FILENO, &input) != 0 || (S_ISCHR(input.st_mode) && isatty(STDIN_FILENO) == 0);
    return {has_none ? nullptr : std::fopen("/dev/tty", "r+e"), [](std::FILE* file) { return std::fclose(file); }};
}

/// The line that is typed there; empty when it is closed instead.
std::string ask(std::FILE* terminal, const std::string& question) {
    std::fputs(question.c_str(), terminal);
    std::fflush(terminal);
    std::string answer;
    for (int c = std::fgetc(terminal); c != EOF && c != '\n'; c = std::fgetc(terminal)) answer += static_cast<char>(c);
    return answer;
}

}  // namespace

void Runtime::confirm(Confirm level, const std::string& text, const std::string& name) {
    const bool agreed = level == Confirm::ask ? globals_.yes : globals_.confirm == name;
    if (dry_run() || agreed) return;
    const bool may_ask = !globals_.no_input && out_.options().err.is_tty;
    const Terminal terminal = may_ask ? open_terminal() : Terminal(nullptr, nullptr);
    if (!terminal) {
        const std::string way = level == Confirm::ask ? "--yes" : fmt::format("--confirm={}", name);
        throw CommandExit(Exit::not_confirmed, text, fmt::format("repeat with {}, or -n to see the plan", way));
    }
    const std::string question = level == Confirm::ask ? "Go on? [y/N] " : fmt::format("Type {} to go on: ", name);
    out_.flush();
    const std::string answer = ask(terminal.get(), fmt::format("{}\n{}", text, question));
    if (level == Confirm::ask ? answer != "y" && answer != "Y" && answer != "yes" : answer != name)
        throw CommandExit(Exit::not_confirmed, "not confirmed; nothing was changed");
}

}  // namespace wabot::cli
