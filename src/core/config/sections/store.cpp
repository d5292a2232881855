#include "core/config/sections/store.hpp"

#include "core/base/hex.hpp"
#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

namespace {

std::string check_master_key(std::string_view text) {
    const auto bytes = from_hex(text);
    return bytes && bytes->size() == 32 ? "" : "must be 64 hexadecimal digits; wabot init makes a key";
}

std::string check_database_url(std::string_view text) {
    for (const std::string_view scheme : {"sqlite:///", "postgresql://", "postgres://", "postgresql+", "postgres+"})
        if (text.starts_with(scheme)) return {};
    return "must start with sqlite:/// or postgresql://";
}

}  // namespace

std::span<const Setting> store_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::store, &StoreSettings::dir>("store.dir", {.env = {"WABOT_STATE_DIR"}, .derived = "/var/lib/wabot as root, else $XDG_DATA_HOME/wabot, else ~/.local/share/wabot",
            .doc = "Folder of the database and of files/."}),
        setting<&Settings::store, &StoreSettings::database_url>("database.url", {.env = {"DATABASE_URL", "WABOT_DATABASE_URL"}, .derived = "wabot.db in store.dir", .url = true, .check = check_database_url,
            .doc = "Database URL: sqlite:///x is relative, sqlite:////x absolute; postgresql://user:password@host/name takes the parameters of libpq (sslmode, ...)."}),
        setting<&Settings::store, &StoreSettings::master_key>("security.master_key", {.env = {"WABOT_MASTER_KEY"}, .check = check_master_key,
            .doc = "Master key, 64 hexadecimal digits. Phone numbers and credentials are encrypted with it and cannot be read without it: keep a copy elsewhere."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
