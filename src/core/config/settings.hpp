#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/describe.hpp"
#include "core/base/log.hpp"
#include "core/config/config_files.hpp"
#include "core/crypto/secret.hpp"

namespace wabot {

/// The effective settings: an immutable snapshot. What each means stands in the table of settings (settings_table.cpp) and in .env.example.
struct Settings {
    std::filesystem::path state_dir;
    std::string database_url;
    Secret master_key;
    std::string host;
    std::uint16_t port = 0;
    std::int64_t webhook_body_max = 0;
    std::string trusted_proxies;
    std::chrono::milliseconds drain_timeout{};
    Secret whatsapp_access_token;
    std::string whatsapp_phone_number_id;
    Secret whatsapp_verify_token;
    Secret whatsapp_app_secret;
    std::string whatsapp_graph_url;
    std::string whatsapp_graph_version;
    std::chrono::milliseconds lease{};
    std::chrono::milliseconds uncertain_window{};
    int turn_attempts = 0;
    int send_attempts = 0;
    int send_concurrency = 0;
    std::chrono::milliseconds takeover_timeout{};
    std::chrono::milliseconds media_wait{};
    std::chrono::milliseconds retention_webhooks{};
    std::chrono::milliseconds retention_jobs{};
    std::chrono::milliseconds retention_changes{};
    std::chrono::milliseconds retention_files{};
    std::chrono::milliseconds retention_audit{};
    std::chrono::milliseconds retention_idempotency_keys{};
    log::Level log_level = log::Level::info;
    LogFormat log_format = LogFormat::text;
    std::filesystem::path logs_folder;
    std::string output;
    std::string color;
    std::string pager;
};

enum class SettingKind { text, word, path, integer, duration, secret };

/// What is known of a setting beside its name and type.
struct SettingNote {
    std::array<std::string_view, 2> env{};                  // the first is the canonical one; it wins
    std::string_view fallback = {};                         // the built-in value, as text; empty = not set
    std::string_view derived = {};                          // where the value comes from when nothing sets it, for people
    std::int64_t least = 0;                                 // of integers, and of durations in ms
    std::int64_t most = 1'000'000'000;                      //
    std::span<const std::string_view> words = {};           // the allowed texts; empty = any
    bool url = false;                                       // may hold a password: masked when shown, may come from a file
    bool reloadable = false;                                // takes effect on reload, without a restart
    std::string (*check)(std::string_view text) = nullptr;  // what is wrong with a text of the right type; "" = nothing
    std::string_view doc = {};
};

/// One row of the table of settings.
struct Setting {
    std::string_view name;  // in the TOML file: "server.port"
    SettingKind kind;
    SettingNote note;
    /// Sets the member from text. The answer is what is wrong with it, and "" when it was set. It never repeats the text of a secret.
    std::string (*take)(Settings&, const Setting&, std::string_view text);
    /// The member as text, a secret as its fingerprint.
    std::string (*show)(const Settings&);

    bool is_secret() const { return kind == SettingKind::secret; }
    /// Whether the value may stand in a file named by `X_FILE` or `name_file`, or in a systemd credential.
    bool may_come_from_file() const { return is_secret() || note.url; }
};

std::span<const Setting> all_settings();

/// Where settings come from, the highest first: flags, environment (`env_file` fills in what is not there), files of secrets, TOML, built-in.
struct Sources {
    std::vector<std::pair<std::string, std::string>> flags;  // (setting name, text)
    Environment environment;
    std::vector<std::filesystem::path> config_files;  // the first wins
    std::optional<std::filesystem::path> env_file = {};
    unsigned user_id = 0;
    bool lenient = false;  // unknown keys of TOML files are warnings
};

struct LoadedSettings {
    Settings values;
    std::vector<std::string> origins;   // for each of all_settings(): "flag", "environment DATABASE_URL", "file /etc/wabot/wabot.toml:3", "default"
    std::vector<std::string> warnings;  // unknown WABOT_* variables, files of secrets that everybody may read

    std::string_view origin_of(std::string_view setting) const;
};

/// Error{invalid}, whose faults() are all the problems: unknown keys with a suggestion, wrong types and values with file:line:column or the
/// variable's name, secrets on the command line. Relative paths of a TOML file start at its folder, all others at the working folder.
LoadedSettings load_settings(const Sources& sources);

/// A line of `config show`.
struct ShownSetting {
    std::string name;
    std::string value;
    std::string origin;
};
WABOT_DESCRIBE(ShownSetting, FIELD(name, .key = true), FIELD(value), FIELD(origin))

/// Every effective value; secrets as fingerprints, passwords in URLs masked.
std::vector<ShownSetting> show_settings(const LoadedSettings& loaded);

/// The whole text of `.env.example`: every setting with its documentation, commented out, so that a copy changes nothing.
std::string env_example();

/// The URL with its password masked, in user:password@ and in password=.
std::string mask_url_password(std::string_view url);

}  // namespace wabot
