#include "cli/framework/globals.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include "cli/output/jq.hpp"
#include "cli/output/list_writers.hpp"
#include "cli/output/template.hpp"
#include "core/config/config_files.hpp"

namespace wabot::cli {

namespace {

constexpr std::string_view color_words[] = {"auto", "always", "never"};

std::vector<std::string> split_columns(std::string_view list) {
    std::vector<std::string> columns;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (comma != 0) columns.emplace_back(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return columns;
}

template <Worded E>
std::optional<E> word_from(const Lookup& environment, const char* name) {
    const auto word = environment(name);
    if (!word) return std::nullopt;
    const auto found = from_word<E>(*word);
    if (!found) usage_error(fmt::format("{} is \"{}\"", name, *word), fmt::format("one of {}", fmt::join(words_of<E>, ", ")), name);
    return found;
}

}  // namespace

void declare_globals(CommandBuilder& builder, Globals& globals, Formats formats) {
    builder.option("-c,--config", globals.config, "Configuration file; none: only built-in defaults").shown_as("FILE").completes(Noun::file);
    builder.flag("--config-lenient", globals.config_lenient, "Unknown keys in configuration files are warnings, not errors");
    builder.option("--env-file", globals.env_file, "File of NAME=value lines, used like environment variables")
        .shown_as("FILE")
        .completes(Noun::file);
    builder.option("-o,--output", globals.output, "Output format").shown_as("FORMAT").words(formats.words());
    builder.option("--jq", globals.jq, "Filter the JSON output with this jq expression").shown_as("EXPR");
    builder.option("--print", globals.template_text, "Print this text for each row; {FIELD} stands for a member of the JSON").shown_as("TEXT");
    builder.option("--print-file", globals.template_file, "Read the text of --print from this file").shown_as("FILE").completes(Noun::file);
    builder.option("--columns", globals.columns, "Columns of table, wide, csv and tsv: field names separated by commas")
        .shown_as("LIST")
        .completes(Noun::column);
    builder.flag("--no-header", globals.no_header, "Omit the header line of table, csv and tsv");
    builder.flag("--no-trunc", globals.no_trunc, "Do not cut tables to the screen width");
    builder.flag("--no-pager", globals.no_pager, "Do not start a pager");
    builder.flag("--plain", globals.plain, "For screen readers: no progress bars, no symbols, no pager");
    builder.flag("--csv-raw", globals.csv_raw, "Do not protect csv cells against spreadsheet formulas");
    builder.option("--time", globals.time, "Format of times in tables, csv and tsv").shown_as("STYLE");
    builder.option("--tz", globals.tz, "Time zone of times in tables: Europe/Berlin. JSON and YAML use UTC").shown_as("ZONE");
    builder.option("--color", globals.color, "When to use colour").shown_as("WHEN").words({std::begin(color_words), std::end(color_words)});
    builder.flag("--no-input", globals.no_input, "Never ask a question");
    builder.flag("-y,--yes", globals.yes, "Answer yes to questions");
    builder.option("--confirm", globals.confirm, "Confirm a dangerous change with this name").shown_as("NAME");
    builder.flag("-n,--dry-run", globals.dry_run, "Show what would change, without changing it");
    builder.flag("--exit-code", globals.exit_code, "Exit 10 when something changed or differs");
    builder.option("--timeout", globals.timeout, "Time limit; exit 9 when it is over: 30s, 5m").shown_as("TIME");
    builder.flag("-q,--quiet", globals.quiet, "Print only errors on stderr");
    builder.count("-v,--verbose", globals.verbose, "Print more on stderr; twice: debug");
    builder.option("--log-format", globals.log_format, "Format of log lines on stderr").shown_as("FORM");
    builder.option("--progress", globals.progress, "How to show progress on stderr").shown_as("STYLE");
    builder.flag("--reveal", globals.reveal, "Show phone numbers and addresses in full");
    builder.flag("-h,--help", globals.help, "Show this help");
    builder.flag("--version", globals.version, "Show the version");
}

namespace {

/// The flags that were given of those that make something else of the JSON.
std::vector<std::string> reshaping_flags(const Globals& globals) {
    std::vector<std::string> given;
    if (globals.jq) given.emplace_back("--jq");
    if (globals.template_text) given.emplace_back("--print");
    if (globals.template_file) given.emplace_back("--print-file");
    return given;
}

}  // namespace

void add_environment(Globals& globals, const Lookup& environment, Formats formats) {
    const auto usual = globals.output ? std::nullopt : word_from<OutputFormat>(environment, "WABOT_OUTPUT");
    // A default format does not apply to a command that cannot print it.
    if (usual && formats.has(*usual) && (reshaping_flags(globals).empty() || is_json(*usual))) globals.output = usual;
    if (!globals.time) globals.time = word_from<TimeStyle>(environment, "WABOT_TIME");
    if (const auto word = environment("WABOT_TIMEOUT"); word && !globals.timeout)
        globals.timeout = FromWord<std::chrono::milliseconds>::read(Parameter{.name = "WABOT_TIMEOUT"}, *word);
    if (environment("WABOT_NO_INPUT")) globals.no_input = true;
    if (const auto color = environment("WABOT_COLOR"); color && globals.color == "auto") globals.color = *color;
}

ColorChoice color_choice(const Globals& globals) {
    if (globals.color == "always") return ColorChoice::always;
    return globals.color == "never" ? ColorChoice::never : ColorChoice::automatic;
}

namespace {

/// The zone that was asked for, else at a terminal the one of the environment, which may be of a kind that is no name.
std::optional<Zone> zone_of(const Globals& globals, const Screen& screen, const Lookup& environment) {
    if (!globals.tz) {
        const auto usual = screen.is_tty ? environment("TZ") : std::nullopt;
        return usual ? Zone::find(usual->starts_with(':') ? usual->substr(1) : *usual) : std::nullopt;
    }
    const auto zone = Zone::find(*globals.tz);
    if (!zone)
        usage_error(fmt::format("no time zone \"{}\"", *globals.tz), "use a name from /usr/share/zoneinfo (package tzdata): Europe/Berlin, UTC",
                    "--tz");
    return zone;
}

void refuse_contradictions(const Globals& globals, const Command& command) {
    if (globals.output && !command.formats.has(*globals.output))
        usage_error(fmt::format("{} cannot print {}", command.path, to_word(*globals.output)),
                    fmt::format("it prints {}", fmt::join(command.formats.words(), ", ")), "--output");
    const std::vector<std::string> reshaping = reshaping_flags(globals);
    if (reshaping.size() > 1) usage_error(fmt::format("{} exclude each other", fmt::join(reshaping, " and ")), {}, reshaping.back());
    if (!reshaping.empty() && globals.output && !is_json(*globals.output))
        usage_error(fmt::format("{} filters JSON, not {}", reshaping.front(), to_word(*globals.output)), "omit -o", reshaping.front());
    if (!reshaping.empty() && !command.formats.has(OutputFormat::json) && !command.formats.has(OutputFormat::jsonl))
        usage_error(fmt::format("{} prints no JSON for {}", command.path, reshaping.front()), {}, reshaping.front());
    const OutputFormat format = globals.output.value_or(reshaping.empty() ? OutputFormat::table : OutputFormat::json);
    if (!globals.columns.empty() && !has_columns(format))
        usage_error(fmt::format("--columns shapes table, wide, csv and tsv, not {}", to_word(format)), {}, "--columns");
}

/// Where no -o says so: the whole document for jq, an object at a time for a template; the other where the command has only that.
OutputFormat reshaped_form(const Globals& globals, const Command& command) {
    const OutputFormat best = globals.jq ? OutputFormat::json : OutputFormat::jsonl, other = globals.jq ? OutputFormat::jsonl : OutputFormat::json;
    return command.formats.has(best) ? best : other;
}

/// The line end that an editor puts at the end of a file is none of the template's.
std::string read_template_file(const std::string& file) {
    constexpr std::size_t size_max = 1024 * 1024;
    std::string text = read_file(file, size_max);
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

std::shared_ptr<Reshaper> open_reshaper(const Globals& globals) {
    if (globals.jq) return std::make_shared<Jq>(*globals.jq);
    if (globals.template_text) return std::make_shared<OutputTemplate>(*globals.template_text, "--print");
    if (globals.template_file) return std::make_shared<OutputTemplate>(read_template_file(*globals.template_file), "--print-file");
    return nullptr;
}

Screen plain(Screen screen) {
    screen.utf8 = screen.moves_cursor = false;
    return screen;
}

}  // namespace

OutputOptions output_options(const Globals& globals, const Command& command, const Lookup& environment) {
    refuse_contradictions(globals, command);
    OutputOptions options;
    options.reshaper = open_reshaper(globals);
    options.format_given = globals.output.has_value() || options.reshaper != nullptr;
    options.format = globals.output.value_or(options.reshaper ? reshaped_form(globals, command) : OutputFormat::table);
    options.formats = command.formats;
    options.columns = split_columns(globals.columns);
    // An unknown one is told before anything is done.
    if (!command.columns.empty()) columns_of(command.columns, options.columns, options.format, false);
    options.header = !globals.no_header;
    options.truncate = !globals.no_trunc;
    options.csv_raw = globals.csv_raw;
    options.time = globals.time;
    options.quiet = globals.quiet;
    options.dry_run = globals.dry_run;
    options.out = screen_of(STDOUT_FILENO, color_choice(globals), environment);
    options.err = screen_of(STDERR_FILENO, color_choice(globals), environment);
    if (globals.plain) {
        options.out = plain(options.out);
        options.err = plain(options.err);
    }
    options.zone = zone_of(globals, options.out, environment);
    options.zone_given = globals.tz.has_value();
    return options;
}

bool is_paged(const Globals& globals, const OutputOptions& options) {
    const bool is_read = is_table(options.format) || options.format == OutputFormat::yaml;
    return !globals.no_pager && is_read && options.out.moves_cursor;
}

}  // namespace wabot::cli
