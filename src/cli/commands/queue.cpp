#include "cli/commands.hpp"

#include <fmt/ranges.h>

#include <set>

#include "cli/framework/list_request.hpp"
#include "cli/framework/runtime.hpp"
#include "core/operations/queue_stats.hpp"

namespace wabot::cli {

namespace {

void queue_list(Runtime& rt, const PagingOptions& paging) {
    ShortList<QueueRow> list(rt, "queue", paging);
    list.show([&] { return rt.read([](Snapshot& db) { return queues::list(db); }); });
}

struct QueueOptions {
    std::vector<QueueName> queues;
};

using QueueStep = bool (*)(Transaction& tx, const Cause& cause, QueueName queue);

/// Takes the step for each, once however often it was named; says which it changed, and which were so already.
void switch_queues(Runtime& rt, const QueueOptions& opts, QueueStep step, std::string_view did, std::string_view already) {
    std::vector<std::string_view> changed, unchanged;
    rt.write([&](Transaction& tx) {
        changed.clear();
        unchanged.clear();
        for (const QueueName queue : std::set(opts.queues.begin(), opts.queues.end()))
            (step(tx, rt.cause(), queue) ? changed : unchanged).push_back(to_word(queue));
    });
    if (!unchanged.empty()) rt.out().say("{} {}", fmt::join(unchanged, ", "), already);
    if (!changed.empty())
        rt.out().did(true, "{} {}", did, fmt::join(changed, ", "));
    else
        rt.out().did(false, "nothing changed");
}

}  // namespace

std::span<const Command> queue_commands() {
    static const Command table[] = {
        // namespace
        {.path = "queue list",
         .summary = "Show for each queue how much waits, runs and failed, and whether it is paused",
         .columns = fields_of<QueueRow>,
         .examples = {{"wabot queue list", "all queues"}, {"wabot queue list -o json", "for monitoring"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<PagingOptions>();
             declare_short_paging(cmd, *opts);
             return [opts](Runtime& rt) { queue_list(rt, *opts); };
         }},
        {.path = "queue pause",
         .summary = "Pause queues: workers take no new work from them. Running work ends, webhooks are still stored, a restart does not resume",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot queue pause send", "nothing is sent until queue resume"},
                      {"wabot queue pause turn send", "nothing is answered either"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<QueueOptions>();
             cmd.argument("queue", opts->queues, "Names of the queues").required().completes(Noun::queue);
             return [opts](Runtime& rt) { switch_queues(rt, *opts, pauses::pause, "paused", "paused already"); };
         }},
        {.path = "queue resume",
         .summary = "Resume paused queues",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot queue resume send", "waiting messages are sent"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<QueueOptions>();
             cmd.argument("queue", opts->queues, "Names of the queues").required().completes(Noun::queue);
             return [opts](Runtime& rt) { switch_queues(rt, *opts, pauses::resume, "resumed", "not paused"); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
