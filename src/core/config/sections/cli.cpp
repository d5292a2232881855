#include "core/config/sections/cli.hpp"

#include "core/config/setting_codec.hpp"
#include "core/config/settings.hpp"

namespace wabot {

namespace {

constexpr std::string_view color_words[] = {"auto", "always", "never"};

}  // namespace

std::span<const Setting> cli_settings() {
    // clang-format off
    static constexpr Setting rows[] = {
        setting<&Settings::cli, &CliSettings::output>("cli.output", {.env = {"WABOT_OUTPUT"},
            .doc = "Output format of commands. Not set: a table on a terminal, tab-separated values in a pipe."}),
        setting<&Settings::cli, &CliSettings::color>("cli.color", {.env = {"WABOT_COLOR"}, .fallback = "auto", .words = color_words,
            .doc = "Colour on the terminal."}),
        setting<&Settings::cli, &CliSettings::pager>("cli.pager", {.env = {"WABOT_PAGER"}, .derived = "PAGER, else less",
            .doc = "Program that pages output longer than the screen; cat disables paging. Ignored in ./wabot.toml unless -c names that file."}),
    };
    // clang-format on
    return rows;
}

}  // namespace wabot
