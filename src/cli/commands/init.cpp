#include "cli/commands.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands/demo.hpp"
#include "cli/framework/private_file.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/migrations.hpp"

namespace wabot::cli {

namespace {

namespace fs = std::filesystem;

struct InitOptions {
    std::string dir = ".";
    bool demo = false;
};

constexpr std::string_view config_text = R"toml(# Settings of this wabot; `wabot config show` lists them all. Relative paths start at this folder.
[store]
dir = "."

[security]
# What phone numbers and credentials are sealed with. Without it they cannot be read again: keep a copy elsewhere.
master_key_file = "master.key"
)toml";

struct InitStep {
    std::string what;
    std::string detail;
    bool changed = false;
};

/// Sets up one folder, step by step; each step makes what is missing and touches nothing that is there.
class Setup {
public:
    Setup(Runtime& rt, const InitOptions& opts) : rt_(rt), opts_(opts), dir_(opts.dir), config_(dir_ / "wabot.toml") {}

    void run() {
        write_config();
        write_key();
        make_database();
        if (opts_.demo) add_demo();
    }

    const std::vector<InitStep>& steps() const { return steps_; }
    const fs::path& config() const { return config_; }
    bool changed() const {
        return std::any_of(steps_.begin(), steps_.end(), [](const InitStep& step) { return step.changed; });
    }

private:
    void write_config() {
        const bool missing = !fs::exists(config_);
        if (missing && !rt_.dry_run()) {
            create_folder(dir_);
            create_file(config_, config_text, 0640);
        }
        steps_.push_back({"config", config_.filename().string(), missing});
    }

    /// Only where our own configuration file looks for it, and never beside a store whose numbers an other key has sealed.
    void write_key() {
        const fs::path key = dir_ / "master.key";
        if (fs::exists(key)) return steps_.push_back({"key", "master key is there", false});
        if (rt_.environment().contains("WABOT_MASTER_KEY") || rt_.environment().contains("WABOT_MASTER_KEY_FILE"))
            return steps_.push_back({"key", "master key comes from the environment", false});
        if (fs::exists(dir_ / "wabot.db"))
            throw Error(Errc::conflict, fmt::format("{} is there, but its master key {} is not", (dir_ / "wabot.db").string(), key.string()),
                        "restore the key, or remove the database to start again");
        if (!rt_.dry_run()) create_file(key, new_master_key(rt_.world().random) + "\n");
        steps_.push_back({"key", "master key created, mode 0600", true});
    }

    void make_database() {
        rt_.use_config(config_.string());
        if (rehearses_from_nothing()) return steps_.push_back({"database", fmt::format("wabot.db, schema {}", schema_max()), true});
        Database& db = rt_.unchecked_database({.create = !rt_.dry_run()});
        const std::size_t applied = rt_.dry_run() ? pending(db) : migrate_up(db).size();
        rehearsal_ends_ = rt_.dry_run() && applied > 0;
        steps_.push_back({"database", fmt::format("{}, schema {}", database_name(), schema_max()), applied > 0});
    }

    /// What to call it: its file, or its engine.
    std::string database_name() const {
        const std::string& url = database_url(rt_.settings());
        return url.starts_with("sqlite:") ? fs::path(url).filename().string() : "PostgreSQL";
    }

    /// A dry run where there is no store to rehearse on.
    bool rehearses_from_nothing() const {
        if (!rt_.dry_run()) return false;
        if (!fs::exists(config_)) return true;
        const std::string& url = database_url(rt_.settings());
        constexpr std::string_view scheme = "sqlite:///";
        return url.starts_with(scheme) && !fs::exists(url.substr(scheme.size()));
    }

    static std::size_t pending(Database& db) {
        const auto steps = migration_status(db);
        return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [](const MigrationStatus& step) { return !step.applied; }));
    }

    void add_demo() {
        static constexpr std::string_view contents = "devices \"sim\" and \"whatsapp-demo\", agent \"faq\" (2 rules), 3 contacts";
        if (rehearsal_ends_ || rehearses_from_nothing()) return steps_.push_back({"demo", std::string(contents), true});
        const Vault& vault = rt_.vault();
        const DemoSecrets secrets{.app_secret = demo_app_secret(),
                                  .graph_url = fmt::format("http://{}/sim/graph/sim", server_address(rt_.settings()))};
        const auto add = [&](Transaction& tx) { return cli::add_demo(tx, rt_.cause(), vault, secrets); };
        steps_.push_back({"demo", std::string(contents), rt_.write(add)});
    }

    /// In a file too, for signing a webhook by hand.
    std::string demo_app_secret() {
        const fs::path file = dir_ / "app_secret";
        if (!fs::exists(file) && !rt_.dry_run()) create_file(file, rt_.world().random.word(32) + "\n");
        return fs::exists(file) ? read_file(file, 1024) : rt_.world().random.word(32);
    }

    Runtime& rt_;
    const InitOptions& opts_;
    const fs::path dir_;
    const fs::path config_;
    std::vector<InitStep> steps_;
    bool rehearsal_ends_ = false;  // there are no tables yet to rehearse on
};

Json json_of(const std::vector<InitStep>& steps) {
    Json out = Json::array();
    for (const InitStep& step : steps) out.push_back({{"step", step.what}, {"detail", step.detail}, {"changed", step.changed}});
    return out;
}

void init(Runtime& rt, const InitOptions& opts) {
    Setup setup(rt, opts);
    setup.run();
    Output& out = rt.out();
    if (out.structured())
        out.document(
            Json{{"config", setup.config().string()}, {"steps", json_of(setup.steps())}, {"changed", setup.changed()}, {"dry_run", rt.dry_run()}},
            {});
    out.note_change(setup.changed());
    if (!setup.changed()) return out.say("Already set up; nothing to do.");

    if (rt.dry_run())
        out.say("Would set up in {} (dry run, nothing changed)", opts.dir);
    else
        out.say("Setting up in {}", opts.dir);
    for (const InitStep& step : setup.steps()) out.say_marked(Mark::good, fmt::format("{:<11} {}", step.what, step.detail));
    const std::string config = setup.config().lexically_normal().string();
    if (opts.demo)
        out.say("Next:  wabot serve -c {}     then in another terminal:  wabot chat faq -c {}", config, config);
    else
        out.say("Next:  wabot device create -h     and then: wabot serve -c {}", config);
}

}  // namespace

std::span<const Command> init_commands() {
    static const Command table[] = {
        // namespace
        {.path = "init",
         .summary = "Set up wabot in a folder: settings file, master key, database. Existing files stay as they are",
         .effect = Effect::writes,
         .formats = formats::document,
         .examples = {{"wabot init --dir ./demo --demo", "a demo installation"}, {"wabot init --dir /srv/wabot", "for your own devices"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<InitOptions>();
             cmd.option("--dir", opts->dir, "The folder (default: the current one)").completes(Noun::file);
             cmd.flag("--demo", opts->demo, "Also create a simulator device, an agent and contacts");
             return [opts](Runtime& rt) { init(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
