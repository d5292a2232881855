#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wabot {

using Environment = std::map<std::string, std::string, std::less<>>;

/// One `key = value` of a TOML file, its tables flattened into the name: "server.port".
struct FileEntry {
    std::string name;
    std::variant<std::monostate, std::string, std::int64_t, bool> value;  // monostate: of a type that no setting has
    std::string_view type;                                                // the TOML type, for messages: "boolean"
    std::filesystem::path file;
    unsigned line = 0;
    unsigned column = 0;

    /// "/etc/wabot/wabot.toml:3:1"
    std::string place() const;
};

/// Reads a TOML file. Error{unavailable} when it cannot be read, Error{invalid} with file:line:column when it is not TOML.
std::vector<FileEntry> read_config_file(const std::filesystem::path& file);

/// One `KEY=value` of an environment file.
struct EnvEntry {
    std::string name;
    std::string value;
    unsigned line = 0;
};

/// Reads lines of `KEY=value`, with or without `export`: 'literal', "with \n \" \\ escapes", or bare up to a " #". Empty lines and those that
/// start with # say nothing. Nothing is expanded. Error{unavailable} when it cannot be read, Error{invalid} naming every bad line; a value is
/// never quoted.
std::vector<EnvEntry> read_env_file(const std::filesystem::path& file);

/// Where configuration is looked for.
struct ConfigSearch {
    Environment environment;
    std::filesystem::path working_folder;  // empty when there is none, as after its deletion
    unsigned user_id = 0;
    std::filesystem::path system_folder = "/etc/wabot";
    std::optional<std::string> named = {};  // by -c; else WABOT_CONFIG. "none" = no files at all
    bool service = false;                   // serve and worker read the system's files only
};

struct FoundFiles {
    std::vector<std::filesystem::path> files;  // the first wins
    std::vector<std::string> warnings;         // files that were passed over, and why
    std::filesystem::path project_file = {};   // the one among them that lies in the working folder; empty = none
};

/// A named file alone, whether or not it exists. Else: ./wabot.toml (unless it is someone else's, or writable by everyone), the user's
/// $XDG_CONFIG_HOME/wabot/config.toml, the system's conf.d/*.toml (the last name first) and wabot.toml.
FoundFiles find_config_files(const ConfigSearch& place);

/// The text of a small file. Error{unavailable} with the reason, Error{too_large} above `size_max` bytes.
std::string read_file(const std::filesystem::path& file, std::size_t size_max);

/// Whether everybody on the machine may read it.
bool is_world_readable(const std::filesystem::path& file);

}  // namespace wabot
