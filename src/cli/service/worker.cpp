#include "cli/commands.hpp"

#include <fmt/ranges.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/service/service_log.hpp"
#include "cli/service/watchdog.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/world.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/device_registry.hpp"
#include "core/files/blob_store.hpp"
#include "core/http_client/http_client.hpp"
#include "core/telemetry/metrics.hpp"
#include "core/worker/worker_pool.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot::cli {

namespace {

struct WorkerCommandOptions {
    std::vector<std::string> queues;
    std::optional<int> concurrency;
    bool once = false;
    bool until_empty = false;
};

void work_in_rounds(Runtime& rt, WorkerPool& pool, bool until_empty) {
    std::size_t all = 0;
    for (std::size_t done = pool.round(); done > 0; done = until_empty ? pool.round() : 0) all += done;
    pool.stop(drain_timeout(rt.settings()));
    rt.out().say("did {} thing{}", all, all == 1 ? "" : "s");
}

void work_until_stopped(Runtime& rt, WorkerPool& pool, const std::string& queues) {
    asio::io_context signals(1);
    asio::signal_set set(signals, SIGINT, SIGTERM);
    set.async_wait([&](const boost::system::error_code&, int) { signals.stop(); });
    pool.start(1);
    const std::string about = "works on " + queues;
    ServiceWatchdog vitals(rt.database(), rt.environment(), {[&] { return pool.made_progress(); }, [&] { return about; }});
    vitals.ready(about);
    log::info("working", {{"queues", queues}});
    signals.run();
    log::info("stopping");
    vitals.stopping();
    pool.stop(drain_timeout(rt.settings()));
    vitals.stop();
}

/// "inbox,turn" and what else was given; in the order in which a message passes them. Without any, all.
std::vector<QueueName> read_queues(const std::vector<std::string>& lists) {
    std::set<QueueName> queues;
    for (const std::string& list : lists) {
        std::istringstream words(list + ",");
        for (std::string word; std::getline(words, word, ',');) {
            const auto queue = from_word<QueueName>(word);
            const std::string suggestion = did_you_mean(word, words_of<QueueName>);
            if (!queue)
                usage_error(fmt::format("--queue \"{}\" is not known{}{}", word, suggestion.empty() ? "" : "; ", suggestion),
                            fmt::format("one of {}", fmt::join(words_of<QueueName>, ", ")), "--queue");
            queues.insert(*queue);
        }
    }
    if (queues.empty()) return {std::begin(all_queues), std::end(all_queues)};
    return {queues.begin(), queues.end()};
}

void work(Runtime& rt, const WorkerCommandOptions& opts, std::vector<QueueName> queues) {
    set_up_service_log(rt);
    Database& db = rt.database();
    Metrics metrics;
    DeviceRegistry registry(rt.vault(), environment_credentials(rt.settings()));
    auto http = open_http_client();
    auto blobs = open_local_blobs(files_folder(rt.settings()));
    WorkerOptions options = worker_options(rt.settings());
    options.queues = std::move(queues);
    if (opts.concurrency) options.turn_concurrency = options.send_concurrency = options.job_concurrency = *opts.concurrency;
    WorkerPool pool({db, rt.vault(), rt.world(), *http, *blobs, registry, metrics}, options, rt.cause());
    if (opts.once || opts.until_empty)
        work_in_rounds(rt, pool, opts.until_empty);
    else
        work_until_stopped(rt, pool, workers::names_of(options.queues));
    http.reset();  // these two before the loops go away that wait for them
    blobs.reset();
    db.close();
}

}  // namespace

std::span<const Command> worker_commands() {
    static const Command table[] = {
        // namespace
        {
            .path = "worker",
            .summary = "Run workers: read the inbox, answer messages, send, run background jobs",
            .effect = Effect::runs,
            .formats = formats::document,
            .examples = {{"wabot worker --queue inbox,turn", "beside `wabot serve --workers 0` and workers for the other queues"},
                         {"wabot worker --until-empty", "from cron: process everything that is due, then end"}},
            .build = [](CommandBuilder& cmd) -> Action {
                auto opts = cmd.options<WorkerCommandOptions>();
                cmd.option("--queue", opts->queues, "Process only these queues, separated by commas: inbox, turn, send, job").shown_as("LIST");
                cmd.option("--concurrency", opts->concurrency,
                           "At most N turns, N sends and N jobs at the same time (default 256, worker.send_concurrency, 16)")
                    .shown_as("N");
                cmd.flag("--once", opts->once, "Process what is due now, once, then end");
                cmd.flag("--until-empty", opts->until_empty, "Repeat until nothing is due, then end");
                return [opts](Runtime& rt) {
                    std::vector<QueueName> queues = read_queues(opts->queues);
                    const int concurrency = opts->concurrency.value_or(1);
                    if (concurrency < 1 || concurrency > 10'000) usage_error("--concurrency takes 1 to 10000", {}, "--concurrency");
                    if (opts->once && opts->until_empty) usage_error("--once and --until-empty exclude each other", {}, "--once");
                    work(rt, *opts, std::move(queues));
                };
            },
        },
    };
    return table;
}

}  // namespace wabot::cli
