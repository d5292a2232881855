#include "core/config/settings.hpp"
#include "core/base/duration.hpp"
#include "core/config/load_settings.hpp"
#include "core/config/setting.hpp"

#include <fstream>
#include <set>

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

namespace wabot {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* a_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr const char* another_key = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A folder with files for one test, private unless it says otherwise.
class Files {
public:
    fs::path add(const std::string& name, std::string_view text) const {
        const fs::path file = path() / name;
        std::ofstream(file) << text;
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
        return file;
    }
    const fs::path& path() const { return scratch_.path(); }

private:
    test::ScratchFolder scratch_;
};

LoadedSettings load(Sources sources) {
    sources.environment.try_emplace("HOME", "/home/ana");
    sources.user_id = 1000;
    return load_settings(sources);
}

std::vector<Fault> faults_of(Sources sources) {
    try {
        load(std::move(sources));
    } catch (const Error& e) {
        CHECK(e.code() == Errc::invalid);
        return e.faults();
    }
    return {};
}

/// The message of the only fault.
std::string fault_of(Sources sources) {
    const auto faults = faults_of(std::move(sources));
    return faults.size() == 1 ? faults[0].message : std::to_string(faults.size()) + " faults";
}

std::string shown(const LoadedSettings& loaded, std::string_view name) {
    for (const ShownSetting& line : show_settings(loaded))
        if (line.name == name) return line.value + " [" + line.origin + "]";
    return "not shown";
}

}  // namespace

TEST_CASE("settings: with nothing set everything has its built-in value", "[base]") {
    const LoadedSettings loaded = load({});
    CHECK(loaded.values->server.host == "127.0.0.1");
    CHECK(loaded.values->server.port == 8000);
    CHECK(loaded.values->server.webhook_body_max == 4 * 1024 * 1024);
    CHECK(loaded.values->server.drain_timeout == 25s);
    CHECK(loaded.values->worker.lease == 60s);
    CHECK(loaded.values->conversation.takeover_timeout == 12h);
    CHECK(loaded.values->log.level == log::Level::info);
    CHECK(loaded.values->log.format == LogFormat::text);
    CHECK(loaded.values->log.folder.empty());
    CHECK(loaded.values->store.master_key.empty());
    CHECK(loaded.values->store.dir == "/home/ana/.local/share/wabot");
    CHECK(loaded.values->store.database_url == "sqlite:////home/ana/.local/share/wabot/wabot.db");
    CHECK(loaded.origin_of("server.port") == "default");
    CHECK(loaded.warnings.empty());
}

TEST_CASE("settings: the store lies where the user's data lies", "[base]") {
    CHECK(load({.environment = {{"XDG_DATA_HOME", "/data"}}}).values->store.dir == "/data/wabot");
    CHECK(load({.environment = {{"XDG_DATA_HOME", "relative"}}}).values->store.dir == "/home/ana/.local/share/wabot");
    CHECK(load({.environment = {{"WABOT_STATE_DIR", "/srv/w"}}}).values->store.database_url == "sqlite:////srv/w/wabot.db");
    CHECK(load_settings({.user_id = 0}).values->store.dir == "/var/lib/wabot");
    CHECK_THROWS_WITH(load_settings({.user_id = 1000}), Catch::Contains("set WABOT_STATE_DIR"));
    CHECK(load_settings({.environment = {{"DATABASE_URL", "sqlite:///x.db"}}, .user_id = 1000}).values->store.database_url == "sqlite:///x.db");
}

TEST_CASE("settings: a flag beats the environment, which beats the env file, the first file, the second and the built-in value", "[base]") {
    const Files files;
    const auto first = files.add("first.toml", "[server]\nport = 3\n"), second = files.add("second.toml", "\n[server]\nport = 4\nhost = \"h\"\n");
    const auto env = files.add(".env", "AI_MESSAGE_PORT=2\n");
    Sources sources{.flags = {{"server.port", "0"}}, .environment = {{"AI_MESSAGE_PORT", "1"}}, .config_files = {first, second}, .env_file = env};
    CHECK(shown(load(sources), "server.port") == "0 [flag]");
    CHECK(shown(load(sources), "server.host") == "h [file " + second.string() + ":4]");
    sources.flags.clear();
    CHECK(shown(load(sources), "server.port") == "1 [environment AI_MESSAGE_PORT]");
    sources.environment.clear();
    CHECK(shown(load(sources), "server.port") == "2 [env file " + env.string() + ":1]");
    sources.env_file.reset();
    CHECK(shown(load(sources), "server.port") == "3 [file " + first.string() + ":2]");
    sources.config_files = {second};
    CHECK(load(sources).values->server.port == 4);
}

TEST_CASE("settings: a variable that is set to nothing is not set", "[base]") {
    CHECK(load({.environment = {{"AI_MESSAGE_PORT", ""}}}).values->server.port == 8000);
}

TEST_CASE("settings: of two names of a setting the canonical one wins", "[base]") {
    const LoadedSettings loaded = load({.environment = {{"DATABASE_URL", "sqlite:///a"}, {"WABOT_DATABASE_URL", "sqlite:///b"}}});
    CHECK(loaded.values->store.database_url == "sqlite:///a");
    CHECK(load({.environment = {{"WABOT_DATABASE_URL", "sqlite:///b"}}}).origin_of("database.url") == "environment WABOT_DATABASE_URL");
}

TEST_CASE("settings: a secret comes from its variable, a named file, a credential or the configuration, in this order", "[base]") {
    const Files files;
    const auto named = files.add("named", std::string(another_key) + "\n");
    files.add("WABOT_MASTER_KEY", std::string(a_key) + "\r\n");
    files.add("master.key", another_key);
    const auto config = files.add("wabot.toml", "[security]\nmaster_key_file = \"master.key\"\n");
    Sources sources{.environment = {{"WABOT_MASTER_KEY", a_key}, {"WABOT_MASTER_KEY_FILE", named}, {"CREDENTIALS_DIRECTORY", files.path()}},
                    .config_files = {config}};
    CHECK(load(sources).values->store.master_key.reveal() == a_key);
    sources.environment.erase("WABOT_MASTER_KEY");
    CHECK(load(sources).values->store.master_key.reveal() == another_key);
    CHECK(load(sources).origin_of("security.master_key") == "file " + named.string() + " (environment WABOT_MASTER_KEY_FILE)");
    sources.environment.erase("WABOT_MASTER_KEY_FILE");
    CHECK(load(sources).values->store.master_key.reveal() == a_key);
    CHECK(load(sources).origin_of("security.master_key") == "credential WABOT_MASTER_KEY");
    sources.environment.erase("CREDENTIALS_DIRECTORY");
    CHECK(load(sources).values->store.master_key.reveal() == another_key);
    CHECK(load(sources).origin_of("security.master_key") == "file " + (files.path() / "master.key").string() + " (" + config.string() + ":2)");
}

TEST_CASE("settings: a secret is shown as a fingerprint, and a URL without its password", "[base]") {
    const LoadedSettings loaded = load({.environment = {{"WABOT_MASTER_KEY", a_key}, {"DATABASE_URL", "postgresql://ana:pass@db/wabot"}}});
    CHECK(shown(loaded, "security.master_key") == "set (64 bytes, sha256:6c86…) [environment WABOT_MASTER_KEY]");
    CHECK(shown(loaded, "database.url") == "postgresql://ana:••••••@db/wabot [environment DATABASE_URL]");
    CHECK(shown(loaded, "whatsapp.app_secret") == "not set [default]");
    CHECK(show_settings(loaded).size() == all_settings().size());
}

TEST_CASE("settings: the password of a URL is masked wherever it stands", "[base]") {
    CHECK(mask_url_password("postgres://u:p@h/d") == "postgres://u:••••••@h/d");
    CHECK(mask_url_password("postgres://u:p/w@h@x/d") == "postgres://u:••••••@x/d");
    CHECK(mask_url_password("postgres://h/d?user=u&password=p&x=1") == "postgres://h/d?user=u&password=••••••&x=1");
    CHECK(mask_url_password("postgres://u@h:5432/d") == "postgres://u@h:5432/d");
    CHECK(mask_url_password("sqlite:////x/y.db") == "sqlite:////x/y.db");
}

TEST_CASE("settings: secrets are refused on the command line", "[base]") {
    CHECK(fault_of({.flags = {{"security.master_key", a_key}}}).starts_with("security.master_key: a secret on the command line"));
    CHECK(fault_of({.flags = {{"database.url", "postgres://u:p@h/d"}}}).starts_with("database.url: a secret on the command line"));
    CHECK(load({.flags = {{"database.url", "sqlite:///x"}}}).values->store.database_url == "sqlite:///x");
}

TEST_CASE("settings: relative paths of a file start at its folder", "[base]") {
    const Files files;
    const auto config = files.add("wabot.toml", "[store]\ndir = '.'\n[log]\nfolder = '../logs'\n[database]\nurl = 'sqlite:///data/w.db'\n");
    const Settings values = *load({.config_files = {config}}).values;
    CHECK(values.store.dir == files.path());
    CHECK(values.log.folder == files.path().parent_path() / "logs");
    CHECK(values.store.database_url == "sqlite:///" + (files.path() / "data/w.db").string());
    CHECK(load({.environment = {{"AI_MESSAGE_LOGS_FOLDER", "logs"}}}).values->log.folder == "logs");
}

TEST_CASE("settings: every problem is listed with its place", "[base]") {
    const Files files;
    const auto config = files.add("wabot.toml", "[server]\nprot = 1\nport = \"8000\"\nwebhook_body_max = 5\n[whatsapp]\ngraph_url = true\n");
    const auto env = files.add(".env", "nonsense\n");
    const auto faults = faults_of(
        {.environment = {{"WABOT_LEASE", "60"}, {"WABOT_LOG", "wraning"}}, .config_files = {config, files.path() / "none.toml"}, .env_file = env});
    REQUIRE(faults.size() == 8);
    const std::string place = config.string();
    CHECK(faults[0].where == env.string() + ":1");
    CHECK(faults[1].message == place + ":2:1: server.prot: no such setting; did you mean \"server.port\"?");
    CHECK(faults[1].kind == "unknown");
    CHECK(faults[2].message == place + ":3:1: server.port: must be an integer, not text");
    CHECK(faults[2].kind == "type");
    CHECK(faults[3].message == place + ":4:1: server.webhook_body_max: must be from 3145728 to 67108864");
    CHECK(faults[4].message == place + ":6:1: whatsapp.graph_url: must be a text in quotes, not boolean");
    CHECK(faults[5].message == (files.path() / "none.toml").string() + " cannot be read: No such file or directory");
    CHECK(faults[6].message == "environment WABOT_LEASE: worker.lease: must be a duration like 500ms, 60s, 2m or 1h");
    CHECK(faults[7].message == "environment WABOT_LOG: log.level: must be one of debug, info, warning, error; did you mean \"warning\"?");
}

TEST_CASE("settings: an entry that something overrides is checked all the same", "[base]") {
    const Files files;
    const auto config = files.add("wabot.toml", "[server]\nport = 70000\n");
    CHECK(fault_of({.flags = {{"server.port", "1"}}, .config_files = {config}}) == config.string() + ":2:1: server.port: must be from 0 to 65535");
}

TEST_CASE("settings: values of the right type can still be wrong", "[base]") {
    using Row = std::pair<const char*, const char*>;
    const auto [variable, value] = GENERATE(values<Row>({{"AI_MESSAGE_PORT", "65536"},
                                                         {"AI_MESSAGE_PORT", "-1"},
                                                         {"AI_MESSAGE_PORT", "80 "},
                                                         {"AI_MESSAGE_PORT", "99999999999999999999"},
                                                         {"WABOT_MASTER_KEY", "short"},
                                                         {"DATABASE_URL", "mysql://x"},
                                                         {"WHATSAPP_GRAPH_URL", "graph"},
                                                         {"WHATSAPP_GRAPH_VERSION", "24"},
                                                         {"WHATSAPP_PHONE_NUMBER_ID", "+1"},
                                                         {"WABOT_TURN_ATTEMPTS", "0"},
                                                         {"WABOT_LEASE", "0s"},
                                                         {"WABOT_COLOR", "blue"},
                                                         {"WABOT_LOG_FORMAT", "xml"}}));
    INFO(variable);
    CHECK(fault_of({.environment = {{variable, value}}}).starts_with("environment " + std::string(variable)));
}

TEST_CASE("settings: a switch is true or false", "[base]") {
    CHECK_FALSE(load({}).values->server.allow_unsigned_webhooks);
    const std::string name = "security.allow_unsigned_webhooks", variable = "WABOT_ALLOW_UNSIGNED_WEBHOOKS";
    CHECK(load({.environment = {{variable, "true"}}}).values->server.allow_unsigned_webhooks);
    CHECK_THAT(fault_of({.environment = {{variable, "yes"}}}), Catch::Contains("must be true or false"));
    Files files;
    const fs::path on = files.add("on.toml", "[security]\nallow_unsigned_webhooks = true\n");
    CHECK(shown(load({.config_files = {on}}), name).starts_with("true [file "));
    CHECK_FALSE(load({.environment = {{variable, "false"}}, .config_files = {on}}).values->server.allow_unsigned_webhooks);
    const fs::path quoted = files.add("quoted.toml", "[security]\nallow_unsigned_webhooks = \"true\"\n");
    CHECK_THAT(fault_of({.config_files = {quoted}}), Catch::Contains("must be true or false without quotes, not text"));
}

TEST_CASE("settings: a wrong secret is not repeated in the message", "[base]") {
    CHECK(fault_of({.environment = {{"WABOT_MASTER_KEY", "hunter2"}}}).find("hunter2") == std::string::npos);
}

TEST_CASE("settings: a missing file of a secret is an error that names the setting", "[base]") {
    const std::string fault = fault_of({.environment = {{"WHATSAPP_APP_SECRET_FILE", "/nowhere/secret"}}});
    CHECK(fault ==
          "file /nowhere/secret (environment WHATSAPP_APP_SECRET_FILE): whatsapp.app_secret: /nowhere/secret cannot be read: No such file or "
          "directory");
}

TEST_CASE("settings: a file of a secret holds the secret and nothing else", "[base]") {
    const Files files;
    const std::string content = GENERATE("", "\n", "quiet \n", " quiet", "\xEF\xBB\xBFquiet\n", "quiet\nquiet\n",
                                         "qu\xC3\xAD"
                                         "et");
    const auto file = files.add("secret", content);
    const std::string fault = fault_of({.environment = {{"WHATSAPP_APP_SECRET_FILE", file}}});
    CHECK_THAT(fault, Catch::Contains("whatsapp.app_secret") && Catch::Contains(file.string()) && !Catch::Contains("quiet"));
    CHECK(fault_of({.environment = {{"WHATSAPP_APP_SECRET", "quiet "}}}).find("white space") != std::string::npos);
}

TEST_CASE("settings: ~ is the home folder, and no other user's", "[base]") {
    const Files files;
    CHECK(load({.environment = {{"WABOT_STATE_DIR", "~/bot"}}}).values->store.dir == "/home/ana/bot");
    CHECK(load({.environment = {{"DATABASE_URL", "sqlite:///~/bot.db"}}}).values->store.database_url == "sqlite:////home/ana/bot.db");
    CHECK(load({.config_files = {files.add("wabot.toml", "[store]\ndir = '~'\n")}}).values->store.dir == "/home/ana");
    CHECK(fault_of({.environment = {{"WABOT_STATE_DIR", "~root/bot"}}}).find("~root/bot is not a path") != std::string::npos);
    const auto key = files.add("key", std::string(a_key));
    const Sources sources{.environment = {{"HOME", files.path()}, {"WABOT_MASTER_KEY_FILE", "~/key"}}};
    CHECK(load(sources).values->store.master_key.reveal() == a_key);
}

TEST_CASE("settings: variables of features that are not there are named", "[base]") {
    const Files files;
    const auto env = files.add(".env", "TWILIO_AUTH_TOKEN=sesame\nREDIS_URL=\n");
    const LoadedSettings loaded = load({.environment = {{"OPENAI_API_KEY_FILE", "/x"}, {"AI_MESSAGE_PORT", "1"}}, .env_file = env});
    CHECK(loaded.without_effect == std::vector<std::string>{"TWILIO_AUTH_TOKEN", "OPENAI_API_KEY_FILE"});
    CHECK(load({}).without_effect.empty());
}

TEST_CASE("settings: an unknown WABOT_ variable is a warning with a suggestion", "[base]") {
    const auto warnings =
        load({.environment = {{"WABOT_LAESE", "5s"}, {"WABOT_CONFIG", "x"}, {"WABOT_MASTER_KEY_FILE", ""}, {"OTHER", "x"}}}).warnings;
    CHECK(warnings == std::vector<std::string>{"WABOT_LAESE: no such setting; did you mean \"WABOT_LEASE\"?"});
}

TEST_CASE("settings: unknown keys are warnings when asked to be lenient", "[base]") {
    const Files files;
    const auto config = files.add("wabot.toml", "[server]\nprot = 1\n");
    const LoadedSettings loaded = load({.config_files = {config}, .lenient = true});
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(loaded.warnings[0].starts_with(config.string() + ":2:1: server.prot: no such setting"));
}

TEST_CASE("settings: a file with a secret that everyone may read is warned of", "[base]") {
    const Files files;
    const auto key = files.add("key", a_key), config = files.add("wabot.toml", "[whatsapp]\napp_secret = 's'\n"),
               env = files.add(".env", "WHATSAPP_VERIFY_TOKEN=t\n");
    const Sources sources{.environment = {{"WABOT_MASTER_KEY_FILE", key}}, .config_files = {config}, .env_file = env};
    CHECK(load(sources).warnings.empty());
    for (const fs::path& file : {key, config, env}) fs::permissions(file, fs::perms::others_read, fs::perm_options::add);
    CHECK(load(sources).warnings.size() == 3);
}

TEST_CASE("settings: durations are a number and a unit", "[base]") {
    CHECK(read_duration("500ms") == 500ms);
    CHECK(read_duration("60s") == 60s);
    CHECK(read_duration("2m") == 2min);
    CHECK(read_duration("1h") == 1h);
    CHECK(read_duration("7d") == 168h);
    CHECK_FALSE(read_duration(GENERATE("", "60", "s", "-1s", "1.5h", "1h30m", "60 s", "9223372036854775807h")));
    CHECK(show_duration(90s) == "90s");
    CHECK(show_duration(2min) == "2m");
    CHECK(show_duration(0s) == "0s");
    CHECK(show_duration(1500ms) == "1500ms");
}

TEST_CASE("settings: the table has each name once, a doc for each, and built-in values that are valid", "[base]") {
    std::set<std::string_view> names;
    for (const Setting& row : all_settings()) {
        INFO(row.name);
        CHECK(names.insert(row.name).second);
        for (const std::string_view variable : row.note.env) CHECK((variable.empty() || names.insert(variable).second));
        CHECK_FALSE(row.note.env[0].empty());
        CHECK_FALSE(row.note.doc.empty());
        Settings values;
        CHECK(row.take(values, row, row.note.fallback).empty());
    }
}

/// After a change of the table: unit_tests "[.renew]" writes the file anew.
TEST_CASE("settings: .env.example is what the table says, and a copy of it changes nothing", "[base]") {
    const fs::path example = fs::path(WABOT_SOURCE_DIR) / ".env.example";
    CHECK(read_file(example, 1 << 20) == env_example());
    CHECK(read_env_file(example).empty());
}

TEST_CASE("settings: renew .env.example", "[.renew]") {
    std::ofstream(fs::path(WABOT_SOURCE_DIR) / ".env.example") << env_example();
}

}  // namespace wabot
