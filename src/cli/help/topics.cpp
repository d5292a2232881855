#include "cli/help/topics.hpp"

#include <fmt/ranges.h>

#include "cli/help/limits.hpp"
#include "cli/help/text_wrap.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/output.hpp"
#include "core/config/setting.hpp"

namespace wabot::cli {

namespace {

std::string on_output(std::size_t width) {
    return wrapped_paragraphs(fmt::format(R"(What a command prints, and where.

Data goes to stdout, talk to stderr. -o FORMAT chooses the form of the data: one of {}. It may stand in WABOT_OUTPUT or in the setting cli.output too.

table is for people. On a terminal it is fitted to the width, cut with "…" and coloured; in a pipe its columns are parted by tabs, nothing is cut, and the header stays. What is longer than the screen goes through the pager that WABOT_PAGER, the setting cli.pager or PAGER names, else less, unless --no-pager is given. --plain is for screen readers: no bars, no symbols beyond ASCII, no pager, and what --watch shows comes below what was there.

json is one document: a list is {{"items":[...],"next_cursor":null}}, one object is bare. jsonl is one object a line, each as soon as it is known. Names are in snake_case, times are ISO 8601 in UTC, what is absent is null, enumerations are lower case. Members may be added: a reader leaves alone what it does not know.

yaml is the same document for people. csv is RFC 4180, tsv has tabs and line ends inside a value as \t and \n. name is noun/id a line, which every command takes for the object: wabot device list -o name | xargs -n 1 wabot device get. wide is a table with every column, none prints nothing.

--jq EXPR prints what jq makes of the JSON. --print TEXT prints TEXT in a line for each row, or for the one object, with values in the places of {{name}}, {{member.name}} and {{list[0].name}}: texts as they are, what is absent as nothing, the rest as JSON. \n and \t are a line end and a tab, \\ a backslash, {{{{ a brace; --print-file FILE reads TEXT from a file. wabot contact list --print '{{id}}\t{{name}}' is an example.

--columns chooses and orders the columns, --no-header leaves their names out, --no-trunc cuts nothing, --time and --tz say how times look. wabot explain NOUN names the fields.

A command that changes something says so in one line on stderr, and prints the object only when -o is given; JSON then has "changed" and "dry_run".

An error is "wabot: WHAT: WHY" and a hint on stderr. With json, jsonl and yaml it is a line of JSON there, and stdout stays empty but for what jsonl had finished; faults lists each when several things failed, retry_after says when to come back after a limit. Numbers are masked until --reveal.)",
                                          fmt::join(words_of<OutputFormat>, ", ")),
                              width);
}

std::string on_exit_codes(std::size_t width) {
    std::vector<Line> lines;
    for (const ExitRow& row : all_exits()) {
        const std::string again = row.again.empty() ? "" : fmt::format(". Again? {}", row.again);
        lines.push_back({fmt::format("{:>3}  {}", row.code, row.name), fmt::format("{}{}", row.when, again)});
    }
    return wrapped_paragraphs("How a command ends. The numbers and their meaning stay.", width) + two_columns("Exit codes", lines, width);
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
               "Variables that count. A flag beats them, they beat the configuration file. X_FILE names a file that holds the value of X. A variable "
               "WABOT_* that is not known is warned of.",
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
    return wrapped_paragraphs(R"(Where settings come from.

The first that says something wins: a flag, the environment, a file named by X_FILE or a credential of systemd, ./wabot.toml, the user's $XDG_CONFIG_HOME/wabot/config.toml, the system's /etc/wabot/conf.d/*.toml (the last name first), /etc/wabot/wabot.toml, and what is built in. serve and worker read the system's files only.

-c FILE or WABOT_CONFIG names the one file that is read instead; -c none reads none. --env-file FILE reads NAME=value lines for what the environment does not say.

The file is TOML. An unknown key or a bad value is an error with file, line and column (--config-lenient makes warnings of unknown keys, for an older version that reads a newer one's file): wabot config check finds them all, wabot config show --origin says what is in force and why.

    [server]
    port = 8000)",
                              width) +
           two_columns("Settings", lines, width);
}

std::string on_filters(std::size_t width) {
    return wrapped_paragraphs(R"(Which rows of a list are shown: --filter, --since, --until, --sort.

FIELD OP VALUE is a condition; wabot explain NOUN names the fields. Conditions are joined by and, or, not and parentheses; not binds closest, then and.

    =  !=                  equal or not
    <  <=  >  >=           numbers, times, texts in their order
    ~                      the text holds this one, whatever the case of A to Z
    in (a, b, c)           one of them
    is null, is not null   there is none, or there is one

A value with blanks or signs in it stands in quotes. Times are dates (2026-01-31), moments in ISO 8601, or how long ago: 24h, 7d. Where a field has no value only "is null" and != hold. Numbers and addresses can only be asked for as a whole.

    wabot message list --filter 'status = failed and not (content ~ "invoice")'
    wabot job list --filter 'attempt >= 3' --sort updated_at:desc
    wabot contact list --filter 'name is not null' --since 7d

--since and --until look at the time that the list is about. --sort FIELD or FIELD:desc orders; --limit, --all and --cursor say how much is shown, and -w shows it again whenever it changes.)",
                              width);
}

std::string on_scripting(std::size_t width) {
    return wrapped_paragraphs(R"(What a script may rely on.

These stay as they are: exit codes and their meaning, names of commands, flags and variables, names and types in JSON and the words of enumerations, the forms json, jsonl, tsv and name, the settings' names, and that an id is never given twice. Tables, colours, help, the log and whatever else is said on stderr may change.

    wabot device get shop -o json | jq -r .status     one value
    wabot device list -o name                         device/3, a line each
    wabot message list --all -o jsonl                 all of them, one by one
    wabot device list -o json | jq .next_cursor       --cursor goes on there

Nothing is asked without a terminal: what would have been ends with 11, and --yes or --confirm=NAME agrees beforehand. --no-input is the same at a terminal.

--dry-run says what would change. --exit-code ends with 10 when something changed. --if-not-exists makes a command safe to repeat. -q leaves only errors on stderr.

Secrets come from files or stdin and never from the command line, which every user of the machine can read.

See also: wabot help output, wabot help exit-codes.)",
                              width);
}

std::string on_security(std::size_t width) {
    return wrapped_paragraphs(R"(What is kept secret, and what protects it.

Phone numbers, addresses, raw webhooks and the tokens of devices are sealed in the store with the master key (WABOT_MASTER_KEY, or the file that wabot init makes, mode 0600). Without the key they cannot be read again: keep a copy, away from the copies of the store. Texts and names are not sealed.

Whoever can read the configuration and the store can do everything: commands open the store directly, and the permissions of the files are what guards it. What changes is noted with cli:USER as the one who did it.

Numbers are masked in tables, JSON, logs, errors and completion; --reveal shows them in full.

Tokens and passwords are never taken from the command line: device create --secret-from NAME=FILE reads them, - is stdin. config show prints a fingerprint. A file of secrets that everybody may read is warned of.

A webhook is taken only when its signature is right (whatsapp.app_secret, or the device's own); until a secret is set none is. serve listens on 127.0.0.1 unless told otherwise: put a web server with a certificate in front.

Nothing but the configured store and providers is contacted: no telemetry, no look for updates.)",
                              width);
}

}  // namespace

std::span<const Topic> all_topics() {
    static constexpr Topic table[] = {
        {"output", "Forms of what is printed, and what goes where", on_output},
        {"exit-codes", "How a command ends", on_exit_codes},
        {"environment", "Variables that count", on_environment},
        {"config", "Where settings come from, and all of them", on_config},
        {"limits", "How much there may be of anything", limits_text},
        {"filters", "Which rows of a list are shown", on_filters},
        {"scripting", "What a script may rely on", on_scripting},
        {"security", "What is kept secret, and what protects it", on_security},
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
        {"WABOT_CONFIG", "The configuration file, as -c names it; none = built-in values only"},
        {"WABOT_TIME", "How times look in tables: relative, iso, unix"},
        {"WABOT_TIMEOUT", "How long a command may take, as --timeout says"},
        {"PAGER", "The program that shows what is longer than the screen, where WABOT_PAGER and the setting cli.pager say nothing; cat = none"},
        {"WABOT_NO_INPUT", "Set to anything: never ask"},
        {"NO_COLOR", "Set to anything: no colour"},
        {"CLICOLOR", "0: no colour"},
        {"CLICOLOR_FORCE, FORCE_COLOR", "Colour in a pipe too"},
        {"COLUMNS", "Width of tables and help, before that of the terminal"},
        {"TERM", "dumb: no colour, no bars, no pager"},
        {"TZ", "Time zone of times at a terminal"},
        {"LC_ALL, LC_CTYPE, LANG", "Whether the terminal takes UTF-8"},
        {"XDG_CONFIG_HOME, XDG_DATA_HOME, HOME", "Where the user's configuration and store lie"},
        {"CREDENTIALS_DIRECTORY", "Where systemd puts credentials: files named like the variables of secrets"},
        {"NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "How serve and worker tell systemd that they are ready and alive"},
        {"HTTPS_PROXY, NO_PROXY", "The proxy on the way to providers, and for whom there is none"},
    };
    return table;
}

}  // namespace wabot::cli
