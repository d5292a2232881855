#include "cli/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/framework/deadline.hpp"
#include "cli/framework/parser.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/help/command_dump.hpp"
#include "cli/help/complete.hpp"
#include "cli/help/help.hpp"
#include "cli/output/error_report.hpp"
#include "cli/output/pager.hpp"
#include "core/base/clock.hpp"
#include "core/base/duration.hpp"
#include "core/base/log.hpp"
#include "core/base/version.hpp"
#include "core/base/world.hpp"

namespace wabot::cli {

namespace {

Lookup lookup_in(const Environment& environment) {
    return [&environment](std::string_view name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end() || found->second.empty()) return std::nullopt;
        return found->second;
    };
}

/// Before any work: what stderr shows of the log. A service sets its own up, from all its settings.
void set_up_log(const Command& command, const Globals& globals) {
    if (command.effect == Effect::runs) return;
    const log::Level loud = globals.verbose > 1 ? log::Level::debug : globals.verbose == 1 ? log::Level::info : log::Level::warning;
    log::set_up({.level = globals.quiet ? log::Level::error : loud, .json = globals.log_format == LogFormat::json});
}

void refuse_dry_run(const Command& command, const Globals& globals) {
    if (globals.dry_run && command.effect == Effect::runs) usage_error(fmt::format("{} cannot be rehearsed", command.path), {}, "--dry-run");
    if (globals.dry_run && globals.reveal)
        usage_error("--reveal and --dry-run exclude each other", "--reveal writes an entry to the audit log, and a dry run writes nothing",
                    "--reveal");
}

void refuse_timeout(const Command& command, const Globals& globals) {
    if (globals.timeout && command.effect == Effect::runs)
        usage_error(fmt::format("{} runs until it is stopped", command.path), "--timeout is for commands that come to an end", "--timeout");
}

/// What is known of a command that ran out of time.
Report report_of_timeout(const Command& command, const Globals& globals) {
    const bool may_have_written = command.effect == Effect::writes && !globals.dry_run;
    return {.exit = Exit::timeout,
            .code = "timeout",
            .message = fmt::format("{} took longer than {}; {}", command.path, show_duration(*globals.timeout),
                                   may_have_written ? "whether it took effect is not known" : "nothing was changed"),
            .hint = may_have_written ? "look before you repeat it" : "",
            .retryable = !may_have_written};
}

/// A noun without a verb, or nothing at all: what could have been said.
Exit tell_choices(const Found& found, const Globals& globals, std::size_t width, Sink& data, Sink& talk) {
    const bool asked = globals.help;
    if (globals.version) {
        data.write(fmt::format("wabot {}\n", version()));
        return Exit::ok;
    }
    const auto text = found.noun.empty() ? overview(width) : noun_help(found.noun, all_commands(), width);
    (asked ? data : talk).write(text);
    return asked ? Exit::ok : Exit::usage;
}

/// What is for programs, and so in no help: completion, and the table that documents are made from.
bool run_hidden(std::span<const std::string> line, const Environment& environment, Sink& data) {
    if (line.empty()) return false;
    if (line.front() == "__complete")
        answer_completion(line.subspan(1), environment, data);
    else if (line.front() == "__commands")
        data.write(write_json(command_dump()) + "\n");
    else
        return false;
    return true;
}

Exit run_line(std::span<const std::string> line, const Environment& environment, Sink& data, Sink& talk, std::string& request_id) {
    const Lookup lookup = lookup_in(environment);
    const Found found = find_command(line, all_commands());
    Globals globals;
    CommandBuilder own, global;
    declare_globals(global, globals);
    const Action action = found.command != nullptr ? found.command->build(own) : Action{};
    parse_line(found.rest, own, global, globals.help);

    const std::size_t width = screen_of(STDOUT_FILENO, color_choice(globals), lookup).width;
    if (action && globals.help) {
        data.write(command_help(*found.command, width));
        return Exit::ok;
    }
    add_environment(globals, lookup, action ? found.command->formats : formats::all);
    if (!action) return tell_choices(found, globals, width, data, talk);
    refuse_dry_run(*found.command, globals);
    refuse_timeout(*found.command, globals);
    if (globals.quiet || globals.verbose > 0 || globals.log_format) set_up_log(*found.command, globals);

    const OutputOptions options = output_options(globals, *found.command, lookup);
    std::optional<Pager> pager;
    if (found.command->effect != Effect::runs && is_paged(globals, options)) pager.emplace(pager_of(lookup), options.out, data, talk);
    Output out(options, pager ? pager->data() : data, pager ? pager->talk() : talk, real_world().clock.now());
    Deadline deadline(globals.timeout, [&] {
        const std::string words = render(report_of_timeout(*found.command, globals), error_form(line, lookup), {});
        if (::write(STDERR_FILENO, words.data(), words.size()) < 0) return;  // the message is lost; the exit code stays
    });
    Runtime runtime(globals, environment, *found.command, out, &deadline, pager ? &*pager : nullptr);
    try {
        action(runtime);
    } catch (...) {
        request_id = runtime.cause().request_id;
        throw;
    }
    return globals.exit_code && out.changed() ? Exit::differs : Exit::ok;
}

}  // namespace

Environment read_environment(const char* const* strings) {
    Environment environment;
    for (; strings != nullptr && *strings != nullptr; ++strings) {
        const std::string_view entry(*strings);
        const std::size_t sign = entry.find('=');
        if (sign != std::string_view::npos) environment.emplace(entry.substr(0, sign), entry.substr(sign + 1));
    }
    return environment;
}

int run(std::span<const std::string> line, const Environment& environment, Sink& data, Sink& talk) {
    std::string request_id;
    try {
        const Exit exit = run_hidden(line, environment, data) ? Exit::ok : run_line(line, environment, data, talk, request_id);
        data.flush();
        talk.flush();
        return static_cast<int>(exit);
    } catch (...) {
        const Report report = report_of(std::current_exception());
        const ErrorForm form = error_form(line, lookup_in(environment));
        try {
            // Half a document would be taken for a whole one by a careless reader; whole lines and rows are worth keeping. Without a message
            // it is no failure: the data says all.
            const bool cuts_short = form == ErrorForm::json && !report.message.empty();
            cuts_short ? data.discard() : data.flush();
            talk.write(render(report, form, request_id));
            talk.flush();
        } catch (...) {
            // The message is lost; the exit code stays.
        }
        return static_cast<int>(report.exit);
    }
}

}  // namespace wabot::cli
