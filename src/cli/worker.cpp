#include "cli/worker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "cli/runtime.hpp"
#include "cli/service_log.hpp"
#include "cli/worker_pool.hpp"
#include "core/base/log.hpp"
#include "core/http_client/http_client.hpp"
#include "core/telemetry/metrics.hpp"

namespace wabot::cli {

namespace {

struct WorkerCommandOptions {
    int concurrency = 256;
    bool once = false;
    bool until_empty = false;
};

void work_in_rounds(Runtime& rt, WorkerPool& pool, bool until_empty) {
    std::size_t all = 0;
    for (std::size_t done = pool.round(); done > 0; done = until_empty ? pool.round() : 0) all += done;
    pool.stop(rt.settings().drain_timeout);
    rt.out().say("did {} thing{}", all, all == 1 ? "" : "s");
}

void work_until_stopped(Runtime& rt, WorkerPool& pool) {
    asio::io_context signals(1);
    asio::signal_set set(signals, SIGINT, SIGTERM);
    set.async_wait([&](const boost::system::error_code&, int) { signals.stop(); });
    pool.start(1);
    log::info("working");
    signals.run();
    log::info("stopping");
    pool.stop(rt.settings().drain_timeout);
}

void work(Runtime& rt, const WorkerCommandOptions& opts) {
    set_up_service_log(rt);
    Database& db = rt.database();
    Metrics metrics;
    Directory directory(rt.vault(), environment_credentials(rt.settings()));
    auto http = open_http_client();
    WorkerOptions options = worker_options(rt.settings());
    options.turn_concurrency = opts.concurrency;
    WorkerPool pool({db, rt.vault(), rt.world(), *http, directory, metrics}, options, rt.cause());
    if (opts.once || opts.until_empty)
        work_in_rounds(rt, pool, opts.until_empty);
    else
        work_until_stopped(rt, pool);
    http.reset();  // before the loops go away that wait for it
    db.close();
}

}  // namespace

const Command worker_command{
    .path = "worker",
    .summary = "Empty the inbox, answer turns and hand over sends, beside a server or alone",
    .effect = Effect::runs,
    .examples = {{"wabot worker", "beside `wabot serve --workers 0`"}, {"wabot worker --until-empty", "from cron: work off what is due, then end"}},
    .build = [](CommandBuilder& cmd) -> Action {
        auto opts = cmd.options<WorkerCommandOptions>();
        cmd.option("--concurrency", opts->concurrency, "Turns answered at a time (default 256)").shown_as("N");
        cmd.flag("--once", opts->once, "One round over what is due, then end");
        cmd.flag("--until-empty", opts->until_empty, "Rounds until nothing is due, then end");
        return [opts](Runtime& rt) {
            if (opts->concurrency < 1 || opts->concurrency > 10'000) usage_error("--concurrency takes 1 to 10000", {}, "--concurrency");
            if (opts->once && opts->until_empty) usage_error("--once and --until-empty exclude each other", {}, "--once");
            work(rt, *opts);
        };
    },
};

}  // namespace wabot::cli
