#include "cli/globals.hpp"

#include <fmt/ranges.h>

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

void declare_globals(CommandBuilder& builder, Globals& globals) {
    builder.option("-c,--config", globals.config, "Configuration file; none = built-in defaults only").shown_as("FILE").completes(Noun::file);
    builder.option("--env-file", globals.env_file, "File of NAME=value lines that count as environment").shown_as("FILE").completes(Noun::file);
    builder.option("-o,--output", globals.output, "Form of what is printed").shown_as("FORMAT");
    builder.option("--columns", globals.columns, "Columns of a table or tsv, by field name, with commas").shown_as("LIST").completes(Noun::column);
    builder.flag("--no-header", globals.no_header, "Table and tsv without their first line");
    builder.flag("--no-trunc", globals.no_trunc, "Do not fit a table to the screen");
    builder.option("--time", globals.time, "Times in tables and tsv").shown_as("STYLE");
    builder.option("--color", globals.color, "When to colour").shown_as("WHEN").words({std::begin(color_words), std::end(color_words)});
    builder.flag("--no-input", globals.no_input, "Never ask");
    builder.flag("-y,--yes", globals.yes, "Yes to what would be asked");
    builder.option("--confirm", globals.confirm, "The name that a severe change wants typed").shown_as("NAME");
    builder.flag("-n,--dry-run", globals.dry_run, "Show what would change, change nothing");
    builder.flag("--exit-code", globals.exit_code, "Exit 10 when something changed or differs");
    builder.flag("-q,--quiet", globals.quiet, "Only errors on stderr");
    builder.count("-v,--verbose", globals.verbose, "More on stderr; twice for much more");
    builder.option("--log-format", globals.log_format, "Log lines on stderr").shown_as("FORM");
    builder.flag("--reveal", globals.reveal, "Show phone numbers and addresses in full");
    builder.flag("-h,--help", globals.help, "This help");
    builder.flag("--version", globals.version, "The version");
}

void add_environment(Globals& globals, const Lookup& environment) {
    if (!globals.output) globals.output = word_from<OutputFormat>(environment, "WABOT_OUTPUT");
    if (!globals.time) globals.time = word_from<TimeStyle>(environment, "WABOT_TIME");
    if (environment("WABOT_NO_INPUT")) globals.no_input = true;
    if (const auto color = environment("WABOT_COLOR"); color && globals.color == "auto") globals.color = *color;
}

ColorChoice color_choice(const Globals& globals) {
    if (globals.color == "always") return ColorChoice::always;
    return globals.color == "never" ? ColorChoice::never : ColorChoice::automatic;
}

OutputOptions output_options(const Globals& globals) {
    OutputOptions options;
    options.format_given = globals.output.has_value();
    options.format = globals.output.value_or(OutputFormat::table);
    options.columns = split_columns(globals.columns);
    options.header = !globals.no_header;
    options.truncate = !globals.no_trunc;
    options.time = globals.time;
    options.quiet = globals.quiet;
    options.dry_run = globals.dry_run;
    const bool tabular = options.format == OutputFormat::table || options.format == OutputFormat::tsv;
    if (!options.columns.empty() && !tabular)
        usage_error(fmt::format("--columns shapes table and tsv, not {}", to_word(options.format)), {}, "--columns");
    return options;
}

}  // namespace wabot::cli
