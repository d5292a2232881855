#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/describe.hpp"
#include "core/config/config_files.hpp"

namespace wabot {

struct Settings;

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
    std::shared_ptr<const Settings> values;
    std::vector<std::string> origins;  // for each of all_settings(): "flag", "environment DATABASE_URL", "file /etc/wabot/wabot.toml:3", "default"
    std::vector<std::string> without_effect;  // variables that are set, of features that this version does not have
    std::vector<std::string> warnings;        // unknown WABOT_* variables, files of secrets that everybody may read

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

/// The URL with its password masked, in user:password@ and in password=.
std::string mask_url_password(std::string_view url);

}  // namespace wabot
