#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/base/duration.hpp"
#include "core/base/text.hpp"
#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

std::string read_setting_number(std::string_view text, const SettingNote& note, std::int64_t& number) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc::invalid_argument || end != text.data() + text.size()) return "must be a whole number";
    if (failed != std::errc{} || number < note.least || number > note.most) return fmt::format("must be from {} to {}", note.least, note.most);
    return {};
}

std::string must_be_one_of(std::span<const std::string_view> words, std::string_view text) {
    const std::string hint = did_you_mean(text, words);
    return fmt::format("must be one of {}{}{}", fmt::join(words, ", "), hint.empty() ? "" : "; ", hint);
}

std::string read_setting_duration(std::string_view text, const SettingNote& note, std::chrono::milliseconds& duration) {
    const auto read = read_duration(text);
    if (!read) return "must be a duration like 500ms, 60s, 2m or 1h";
    if (read->count() < note.least || read->count() > note.most)
        return fmt::format("must be from {} to {}", show_duration(std::chrono::milliseconds(note.least)),
                           show_duration(std::chrono::milliseconds(note.most)));
    duration = *read;
    return {};
}

std::span<const Setting> all_settings() {
    static const std::vector<Setting> all = [] {
        std::vector<Setting> out;
        for (const std::span<const Setting> section : {store_settings(), server_settings(), whatsapp_settings(), worker_settings(),
                                                       conversation_settings(), retention_settings(), log_settings(), cli_settings()})
            out.insert(out.end(), section.begin(), section.end());
        return out;
    }();
    return all;
}

namespace {

void append_example(std::string& out, const Setting& row) {
    const SettingNote& note = row.note;
    out += fmt::format("\n# {}\n# {} in the configuration file", note.doc, row.name);
    if (row.may_come_from_file()) out += fmt::format("; {}_FILE may name a file that contains the value", note.env[0]);
    out += ".\n";
    if (!note.words.empty()) out += fmt::format("# One of {}.\n", fmt::join(note.words, ", "));
    if (!note.derived.empty()) out += fmt::format("# Not set: {}.\n", note.derived);
    if (!note.env[1].empty()) out += fmt::format("# {} is read too.\n", note.env[1]);
    out += fmt::format("#{}={}\n", note.env[0], note.fallback);
}

}  // namespace

std::string env_example() {
    std::string out =
        "# Settings of wabot, each with its built-in value. Made from the table of settings.\n"
        "# Remove the # before a name to set it; read this file with: wabot --env-file .env ...\n"
        "# A flag beats the environment, the environment beats this file, and this file beats wabot.toml.\n";
    for (const Setting& row : all_settings()) append_example(out, row);
    return out;
}

}  // namespace wabot
