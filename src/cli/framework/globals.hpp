#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/framework/command.hpp"
#include "cli/output/output.hpp"
#include "core/base/log.hpp"

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
    std::optional<std::string> jq;
    std::string columns;
    bool no_header = false;
    bool no_trunc = false;
    bool no_pager = false;
    bool csv_raw = false;
    std::optional<TimeStyle> time;
    std::optional<std::string> tz;
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
    bool config_lenient = false;
    bool plain = false;
    std::optional<std::string> template_text, template_file;
};

/// `formats` are those that --output takes: of the command in question.
void declare_globals(CommandBuilder& builder, Globals& globals, Formats formats = formats::all);

/// What the environment says where no flag does, of what is needed before settings are read: WABOT_OUTPUT, WABOT_TIME, WABOT_COLOR,
/// WABOT_NO_INPUT, WABOT_TIMEOUT. CommandExit{usage} for a word that no command takes; a form that is not among `formats` is passed over.
void add_environment(Globals& globals, const Lookup& environment, Formats formats = formats::all);

/// The settings of Output that the flags ask for, at the terminals there are. CommandExit{usage} for flags that contradict each other or that the
/// command cannot do, before anything is done.
OutputOptions output_options(const Globals& globals, const Command& command, const Lookup& environment);

ColorChoice color_choice(const Globals& globals);

/// Whether the output goes to a person at a terminal, and may be paged.
bool is_paged(const Globals& globals, const OutputOptions& options);

}  // namespace wabot::cli
