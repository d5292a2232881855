#include "cli/help/topics.hpp"

#include <fmt/ranges.h>

#include "cli/help/help.hpp"
#include "cli/help/limits.hpp"
#include "cli/help/text_wrap.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/output.hpp"
#include "core/config/setting.hpp"

namespace wabot::cli {

namespace {

std::string on_output(std::size_t width) {
    return wrapped_paragraphs(fmt::format(R"(Output of commands.

Data goes to stdout, messages go to stderr. -o FORMAT chooses the output format: {}. WABOT_OUTPUT or the setting cli.output changes the default.

table is for people. On a terminal it is cut to the width with "…" and coloured. In a pipe its columns are separated by tabs, nothing is cut, and the header stays. Output longer than the screen goes through a pager (WABOT_PAGER, the setting cli.pager, PAGER, else less), unless --no-pager is given. --plain is for screen readers: no progress bars, no symbols beyond ASCII, no pager, and --watch prints below the earlier output.

json is one document: a list is {{"items":[...],"next_cursor":null}}, one object stands alone. jsonl is one object per line, printed as soon as it is known. Names are in snake_case, times are ISO 8601 in UTC, missing values are null, enumerations are lower case. New members may be added: readers must ignore unknown members.

yaml is the same document as YAML. csv is RFC 4180. tsv writes tabs and line ends inside a value as \t and \n. name prints noun/id per line; every command accepts it: wabot device list -o name | xargs -n 1 wabot device get. wide is a table with all columns. none prints nothing.

--jq EXPR filters the JSON with jq. --print TEXT prints TEXT for each row, or for the one object. {{name}}, {{member.name}} and {{list[0].name}} stand for values: texts unchanged, missing values empty, other values as JSON. \n and \t are a line end and a tab, \\ a backslash, {{{{ a brace. --print-file FILE reads TEXT from a file. Example: wabot contact list --print '{{id}}\t{{name}}'.

--columns chooses and orders the columns. --no-header omits the header. --no-trunc cuts nothing. --time and --tz set the format of times. wabot explain NOUN lists the fields.

A command that changes something prints one line on stderr. It prints the object only if -o is given; its JSON then has "changed" and "dry_run".

An error is "wabot: REASON" and a hint on stderr. With json, jsonl and yaml the error is one line of JSON on stderr, and stdout is empty (jsonl: except for finished lines). "faults" lists several errors. "retry_after" gives the seconds to wait after a rate limit. Phone numbers are masked unless --reveal is given.)",
                                          fmt::join(words_of<OutputFormat>, ", ")),
                              width);
}

std::string on_global_flags(std::size_t width) {
    return wrapped_paragraphs("Every command takes these flags, before or after its own.", width) + global_flags_help(width);
}

std::string on_exit_codes(std::size_t width) {
    std::vector<Line> lines;
    for (const ExitRow& row : all_exits()) {
        const std::string again = row.again.empty() ? "" : fmt::format(". Again? {}", row.again);
        lines.push_back({fmt::format("{:>3}  {}", row.code, row.name), fmt::format("{}{}", row.when, again)});
    }
    return wrapped_paragraphs("Exit codes of commands. Numbers and meanings never change.", width) + two_columns("Exit codes", lines, width);
}

std::string on_environment(std::size_t width) {
    std::vector<Line> settings, others;
    for (const Setting& row : all_settings()) {
        const std::string also = row.note.env[1].empty() ? "" : fmt::format(" Also {}.", row.note.env[1]);
        const std::string file = row.may_come_from_file() ? fmt::format(" Or {}_FILE.", row.note.env[0]) : "";
        settings.push_back({std::string(row.note.env[0]), fmt::format("{}: {}{}{}", row.name, row.note.doc, also, file)});
    }
    for (const Variable& variable : other_variables()) others.push_back({std::string(variable.name), std::string(variable.doc)});
    return wrapped_paragraphs(
               "Environment variables. A flag overrides a variable, a variable overrides the configuration file. X_FILE names a file that holds the "
               "value of X. wabot warns of unknown WABOT_* variables.",
               width) +
           two_columns("Settings", settings, width) + two_columns("Others", others, width);
}

std::string on_config(std::size_t width) {
    std::vector<Line> lines;
    for (const Setting& row : all_settings()) {
        const std::string value = !row.note.derived.empty()   ? fmt::format(" Not set: {}.", row.note.derived)
                                  : row.note.fallback.empty() ? std::string()
                                                              : fmt::format(" ({})", row.note.fallback);
        lines.push_back({std::string(row.name), fmt::format("{}{}", row.note.doc, value)});
    }
    return wrapped_paragraphs(R"(Sources of settings.

The first source that sets a value wins: a flag; the environment; a file named by X_FILE, or a systemd credential; ./wabot.toml; the user's $XDG_CONFIG_HOME/wabot/config.toml; /etc/wabot/conf.d/*.toml (last name first); /etc/wabot/wabot.toml; the built-in default. serve and worker read only the files in /etc/wabot.

-c FILE or WABOT_CONFIG names one file that is read instead; -c none reads no file. --env-file FILE reads NAME=value lines; variables of the environment override them.

The file is TOML. An unknown key or a bad value is an error with file, line and column. --config-lenient turns unknown keys into warnings: an older version can then read the file of a newer one. wabot config check shows all errors. wabot config show --origin shows each value and its source.

    [server]
    port = 8000)",
                              width) +
           two_columns("Settings", lines, width);
}

std::string on_filters(std::size_t width) {
    return wrapped_paragraphs(R"(Filters and sort orders of lists: --filter, --since, --until, --sort.

FIELD OP VALUE is a condition; wabot explain NOUN lists the fields. Conditions are joined by and, or, not and parentheses. not binds closest, then and.

    =  !=                  equal, not equal
    <  <=  >  >=           numbers, times, texts in their order
    ~                      contains this text; upper and lower case A to Z are equal
    in (a, b, c)           one of these values
    is null, is not null   no value, any value

Quote a value that contains spaces or operators. Times are dates (2026-01-31), ISO 8601 times, or ages: 24h, 7d. A row without a value matches only "is null" and !=. Phone numbers and addresses can only be compared with = and !=.

    wabot message list --filter 'status = failed and not (content ~ "invoice")'
    wabot job list --filter 'attempt >= 3' --sort updated_at:desc
    wabot contact list --filter 'name is not null' --since 7d

--since and --until compare the main time of the list. --sort FIELD or FIELD:desc orders the rows. --limit, --all and --cursor choose how many rows are shown. -w shows the list again when it changes.)",
                              width);
}

std::string on_scripting(std::size_t width) {
    return wrapped_paragraphs(R"(Stable interfaces for scripts.

These never change: exit codes and their meaning; names of commands, flags and variables; names and types of JSON members and the values of enumerations; the formats json, jsonl, tsv and name; names of settings. An id is never reused. Tables, colours, help, logs and messages on stderr may change.

    wabot device get shop -o json | jq -r .status     one value
    wabot device list -o name                         device/3, one per line
    wabot message list --all -o jsonl                 all messages, one per line
    wabot device list -o json | jq .next_cursor       --cursor continues there

Without a terminal no command asks. A command that would ask exits with 11 and changes nothing; --yes or --confirm=NAME confirms in advance. --no-input does the same on a terminal.

--dry-run shows what would change. --exit-code exits with 10 when something changed. --if-not-exists makes a create command safe to repeat. -q prints only errors on stderr.

Secrets are read from files or stdin, never from the command line, which all users of the machine can read.

See also: wabot help output, wabot help exit-codes.)",
                              width);
}

std::string on_security(std::size_t width) {
    return wrapped_paragraphs(R"(How secrets and phone numbers are protected.

Phone numbers, addresses, raw webhooks and device tokens are encrypted in the database with the master key (WABOT_MASTER_KEY, or the file that wabot init creates, mode 0600). Without the key they cannot be read: keep a copy of the key, separate from copies of the database. Message texts and names are not encrypted.

A user who can read the configuration and the database can do everything: commands open the database directly, and file permissions protect it. The audit log records changes with cli:USER as the actor.

Phone numbers are masked in tables, JSON, logs, errors and completion; --reveal shows them in full.

Tokens and passwords are never taken from the command line. device create --secret-from NAME=FILE reads them from a file; -: stdin. config show prints a fingerprint. wabot warns of a secret file that all users can read.

A webhook is accepted only if its signature is valid (whatsapp.app_secret, or the device's own secret). Without a secret no webhook is accepted. serve listens on 127.0.0.1 by default: put a web server with a certificate in front.

wabot connects only to the configured database and providers: no telemetry, no update checks.)",
                              width);
}

}  // namespace

std::span<const Topic> all_topics() {
    static constexpr Topic table[] = {
        {"global-flags", "Flags of every command", on_global_flags},
        {"output", "Output formats, stdout and stderr", on_output},
        {"exit-codes", "Exit codes of commands", on_exit_codes},
        {"environment", "Environment variables", on_environment},
        {"config", "Sources of settings, and all settings", on_config},
        {"limits", "Limits", limits_text},
        {"filters", "Filters and sort orders of lists", on_filters},
        {"scripting", "Stable interfaces for scripts", on_scripting},
        {"security", "How secrets and phone numbers are protected", on_security},
    };
    return table;
}

const Topic* find_topic(std::string_view name) {
    for (const Topic& topic : all_topics())
        if (topic.name == name) return &topic;
    return nullptr;
}

std::span<const Variable> other_variables() {
    static constexpr Variable table[] = {
        {"WABOT_CONFIG", "Configuration file, like -c; none: only built-in values"},
        {"WABOT_TIME", "Format of times in tables: relative, iso, unix"},
        {"WABOT_TIMEOUT", "Time limit of a command, like --timeout"},
        {"PAGER", "Pager, if neither WABOT_PAGER nor the setting cli.pager is set; cat: none"},
        {"WABOT_NO_INPUT", "Any value: never ask a question"},
        {"NO_COLOR", "Any value: no colour"},
        {"CLICOLOR", "0: no colour"},
        {"CLICOLOR_FORCE, FORCE_COLOR", "Also use colour in a pipe"},
        {"COLUMNS", "Width of tables and help, instead of the terminal's width"},
        {"TERM", "dumb: no colour, no bars, no pager"},
        {"TZ", "Time zone of times on a terminal"},
        {"LC_ALL, LC_CTYPE, LANG", "Whether the terminal supports UTF-8"},
        {"XDG_CONFIG_HOME, XDG_DATA_HOME, HOME", "Folders of the user's configuration and data"},
        {"CREDENTIALS_DIRECTORY", "Folder of systemd credentials: files named like the variables of secrets"},
        {"NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Set by systemd: readiness and watchdog notifications"},
        {"HTTPS_PROXY, NO_PROXY", "Proxy for requests to providers, and hosts without a proxy"},
    };
    return table;
}

}  // namespace wabot::cli
