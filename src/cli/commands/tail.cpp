#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/lookup.hpp"
#include "cli/framework/signals.hpp"
#include "cli/output/stream.hpp"
#include "core/base/pattern.hpp"
#include "core/operations/activity_feed.hpp"

namespace wabot::cli {

namespace {

struct TailOptions {
    std::vector<Topic> topics;
    std::optional<std::string> device;
    std::optional<std::string> grep;
    int last = 20;
    bool follow = false;
    bool no_follow = false;
};

std::function<bool(const ActivityEvent&)> matcher(const std::optional<std::string>& expression) {
    if (!expression) return [](const ActivityEvent&) { return true; };
    std::optional<Pattern> wanted;
    try {
        wanted = Pattern::of_expression(*expression);
    } catch (const Error& error) {
        usage_error(fmt::format("--grep {}", error.what()), {}, "--grep");
    }
    return [wanted = *wanted](const ActivityEvent& h) {
        return wanted.matches(fmt::format("{} {} {} {}", h.kind, h.device.value_or("-"), h.object, h.what));
    };
}

void tell_gap(Runtime& rt, std::int64_t lost) {
    if (rt.out().structured())
        rt.out().line(Json{{"kind", "gap"}, {"lost", lost}}, "");
    else
        rt.out().say("gap: {} changes were removed before they were read", lost);
}

void tail(Runtime& rt, const TailOptions& opts) {
    constexpr int last_max = 10'000;
    if (opts.last < 0 || opts.last > last_max) usage_error(fmt::format("--last takes 0 to {}", last_max), {}, "--last");
    if (opts.follow && opts.no_follow) usage_error("--follow and --no-follow exclude each other", {}, "--follow");
    const bool goes_on = opts.follow || (!opts.no_follow && rt.out().options().out.is_tty);
    Interrupt interrupt(rt);
    Feed feed({.topics = opts.topics, .device = device_filter(rt, opts.device), .fits = matcher(opts.grep)});
    const auto past = rt.read([&](Snapshot& db) { return feed.last(db, static_cast<std::size_t>(opts.last)); });
    if (!goes_on) return rt.out().list("change", past);

    StreamTable table(rt.out(), fields_of<ActivityEvent>, {8, 18, 10, 14});
    for (const ActivityEvent& event : past) table.add(event);
    const auto look = [&] {
        const Feed::News news = rt.read([&](Snapshot& db) { return feed.next(db); });
        if (news.lost > 0) tell_gap(rt, news.lost);
        for (const ActivityEvent& event : news.events) table.add(event);
        return news.more ? Look::again : Look::wait;
    };
    follow(rt, interrupt, look, [&](std::chrono::milliseconds limit) { interrupt.wait(limit); });
    interrupt.exit_by_signal();
}

}  // namespace

std::span<const Command> tail_commands() {
    static const Command table[] = {
        // namespace
        {.path = "tail",
         .summary = "Show the activity feed: the last events, then new events, until Ctrl-C",
         .formats = formats::nameless,
         .columns = fields_of<ActivityEvent>,
         .examples = {{"wabot tail webhooks jobs --device shop", "webhooks, answers and sends of one device"},
                      {"wabot tail --follow -o jsonl | jq -c 'select(.kind == \"send.failed\")'", "for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<TailOptions>();
             cmd.argument("topic", opts->topics, "Kinds of events (default: all)");
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             cmd.option("--grep", opts->grep, "Only lines that match this regular expression").shown_as("RE");
             cmd.option("-N,--last", opts->last, "Number of past events to begin with (20)").shown_as("N");
             cmd.flag("-f,--follow", opts->follow, "Continue with new events; the default at a terminal");
             cmd.flag("--no-follow", opts->no_follow, "End after the past events");
             return [opts](Runtime& rt) { tail(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
