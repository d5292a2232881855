#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/output/output.hpp"
#include "core/base/settings.hpp"

namespace wabot {

/// How long work tells how far it is: `bar` is drawn over itself on a terminal, and a line now and then elsewhere.
WABOT_ENUM(ProgressStyle, bar, json, none)

}  // namespace wabot

namespace wabot::cli {

/// The flags that every command takes.
struct Globals {
    std::optional<std::string> config;
    std::optional<std::string> env_file;
    std::optional<OutputFormat> output;
    std::string columns;
    bool no_header = false;
    bool no_trunc = false;
    std::optional<TimeStyle> time;
    std::string color = "auto";
    bool no_input = false;
    bool yes = false;
    std::optional<std::string> confirm;
    bool dry_run = false;
    bool exit_code = false;
    std::optional<std::chrono::milliseconds> timeout;
    bool quiet = false;
    int verbose = 0;
    std::optional<LogFormat> log_format;
    ProgressStyle progress = ProgressStyle::bar;
    bool reveal = false;
    bool help = false;
    bool version = false;
};

void declare_globals(CommandBuilder& builder, Globals& globals);

/// What the environment says where no flag does, of what is needed before settings are read: WABOT_OUTPUT, WABOT_TIME, WABOT_COLOR,
/// WABOT_NO_INPUT, WABOT_TIMEOUT. Ending{usage} for a word that the flag would not take either.
void add_environment(Globals& globals, const Lookup& environment);

/// The settings of Output that the flags ask for; the screens are filled in by the caller. Ending{usage} for flags that contradict each other.
OutputOptions output_options(const Globals& globals);

ColorChoice color_choice(const Globals& globals);

}  // namespace wabot::cli
