#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wabot {

struct Settings;

enum class SettingKind { text, word, path, integer, boolean, duration, secret };

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

/// Every row, in the order of .env.example.
std::span<const Setting> all_settings();

/// The whole text of `.env.example`: every setting with its documentation, commented out, so that a copy changes nothing.
std::string env_example();

}  // namespace wabot
