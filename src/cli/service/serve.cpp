#include "cli/commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <thread>

#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/service/service_log.hpp"
#include "cli/service/throttle_alerts.hpp"
#include "cli/service/watchdog.hpp"
#include "core/base/clock.hpp"
#include "core/base/ip_ranges.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/version.hpp"
#include "core/base/world.hpp"
#include "core/config/settings.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/devices.hpp"
#include "core/files/blob_store.hpp"
#include "core/http_client/http_client.hpp"
#include "core/operations/service_warnings.hpp"
#include "core/operations/store_probe.hpp"
#include "core/queue/pauses.hpp"
#include "core/telemetry/metrics.hpp"
#include "core/worker/worker_pool.hpp"
#include "core/worker/worker_registry.hpp"
#include "server/http/server.hpp"
#include "server/routes.hpp"
#include "server/services.hpp"
#include "server/webhook_intake.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view unsigned_are_accepted =
    "unsigned webhooks from this machine are accepted (security.allow_unsigned_webhooks): for development only";

struct ServeOptions {
    std::vector<std::string> listen;
    int workers = 1;
};

/// The object graph of `serve`, in the order in which it is taken down: the server and the workers before the store they wait for.
struct Service {
    Service(Runtime& rt, const ServeOptions& opts)
        : db(rt.database()),
          world(rt.world()),
          probe(db),
          warnings(db, world.clock),
          registry(rt.vault(), environment_credentials(rt.settings())),
          http(open_http_client()),
          blobs(open_local_blobs(files_folder(rt.settings()))),
          pool({db, rt.vault(), world, *http, *blobs, registry, metrics}, worker_options(rt.settings()), rt.cause()),
          intake{db, AppendQueue(db), rt.vault(), registry, [this] { pool.notify(); }},
          services{world.clock,
                   world.random,
                   metrics,
                   [this] { return health(); },
                   [this] { return probe_database(); },
                   &intake,
                   &warnings,
                   rt.settings().server.metrics_token,
                   rt.settings().server.allow_unsigned_webhooks},
          rows(routes_of(rt.settings())),
          routes(rows),
          server(server_options(rt.settings(), opts), services, metrics, world.random, std::span(&routes, 1)) {}

    /// Every endpoint, the webhooks with the body limit of the settings.
    static std::vector<Route> routes_of(const Settings& settings) {
        std::vector<Route> rows;
        for (const RouteTable& table : all_routes()) rows.insert(rows.end(), table.begin(), table.end());
        for (Route& row : rows)
            if (row.access == Access::signature) row.body_max = static_cast<std::size_t>(settings.server.webhook_body_max);
        return rows;
    }

    static ServerOptions server_options(const Settings& settings, const ServeOptions& opts) {
        ServerOptions options;
        options.limits.trusted_proxies = AddressRanges::read(settings.server.trusted_proxies).value_or(AddressRanges());
        options.limits.connections_max = std::min(options.limits.connections_max, connections_possible());
        options.listen = opts.listen;
        const auto largest = static_cast<std::size_t>(settings.server.webhook_body_max);
        options.limits.bodies_max = std::max(options.limits.bodies_max, 2 * largest);  // a string that grows has twice its bytes
        const bool is_v6 = settings.server.host.find(':') != std::string::npos;
        if (options.listen.empty())
            options.listen.push_back((is_v6 ? "[" + settings.server.host + "]" : settings.server.host) + ":" + std::to_string(settings.server.port));
        return options;
    }

    /// Takes all the descriptors that the process may have, and keeps those back that store, workers and log need.
    static std::size_t connections_possible() {
        constexpr rlim_t kept = 512;
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        return limit.rlim_max > 2 * kept ? limit.rlim_max - kept : limit.rlim_max / 2;
    }

    /// The devices as they are; the environment's account has one from now on.
    void load_devices(Runtime& rt) {
        const EnvironmentCredentials environment = environment_credentials(rt.settings());
        auto ensure = [&](Transaction& tx) { return devices::ensure_environment_device(tx, rt.cause(), rt.vault(), environment); };
        if (const auto made = write_and_wait(db, ensure)) rt.out().say("made device {} for the number of the environment", made->key);
        auto load = [this](Snapshot& snapshot) { return registry.reload(snapshot); };
        read_and_wait(db, load);
    }

    /// What keeps an active device from working, as "device sales has no app secret ...".
    std::vector<std::string> missing_credentials() const {
        std::vector<std::string> out;
        for (const auto& device : registry.now()->entries()) {
            if (device->kind != DeviceKind::whatsapp || !device->is_active) continue;
            if (device->credentials.app_secret.empty())
                out.push_back(fmt::format(
                    "device {} has no app secret (WHATSAPP_APP_SECRET, or --secret-from app_secret=FILE): its webhooks are rejected", device->key));
            if (device->credentials.access_token.empty())
                out.push_back(fmt::format("device {} has no access token (WHATSAPP_ACCESS_TOKEN, or --secret-from access_token=FILE): it cannot send",
                                          device->key));
        }
        return out;
    }

    asio::awaitable<HealthReport> health() {
        HealthReport report;
        workers::Attendance attendance;
        std::vector<Pause> paused;
        try {
            // What webhooks meet, and a write of the same kind.
            if (const auto failure = intake.appends.recent_failure()) throw Error(*failure);
            if (const auto failure = co_await probe.check()) throw Error(*failure);
            auto look = [&](Snapshot& snapshot) {
                attendance = workers::attendance(snapshot);
                paused = pauses::list(snapshot);
            };
            co_await db.read(look);
            report.checks.push_back({"database", Health::ok, db.description()});
        } catch (const Error& error) {
            report.ok = false;
            report.checks.push_back({"database", Health::fail, error.what()});
            co_return report;
        }
        if (attendance.unattended.empty())
            report.checks.push_back({"workers", Health::ok, fmt::format("{} at work", attendance.at_work)});
        else
            report.checks.push_back({"workers", Health::warning, workers::what_is_missing(attendance) + "; " + workers::way_out(attendance)});
        for (const Pause& pause : paused)
            report.checks.push_back({fmt::format("queue {}", to_word(pause.name)), Health::warning,
                                     fmt::format("paused since {} by {}; resume it with: wabot queue resume {}", to_iso(pause.paused_at),
                                                 pause.paused_by, to_word(pause.name))});
        if (services.allow_unsigned_webhooks) report.checks.push_back({"security", Health::warning, std::string(unsigned_are_accepted)});
        for (std::string& missing : missing_credentials()) report.checks.push_back({"credentials", Health::warning, std::move(missing)});
        co_return report;
    }

    /// What it says of itself while it runs: healthy: every I/O loop accepts and every worker makes progress.
    ServiceWatchdog::Watched signs() {
        std::vector<LoopProbe> pulses;
        for (std::size_t i = 0; i < server.io_threads(); ++i) pulses.emplace_back(server.executor(i));
        const auto made_progress = [this, pulses]() mutable {
            const bool takes = std::all_of(pulses.begin(), pulses.end(), [](LoopProbe& pulse) { return pulse.made_progress(); });
            return pool.made_progress() && takes;
        };
        const auto about = [this] {
            const std::size_t devices = registry.now()->entries().size();
            return fmt::format("{} device{}", devices, devices == 1 ? "" : "s");
        };
        const auto report_throttled = [this](const std::vector<ThrottledDevice>& throttling) {
            throttle_alerts.see(throttling, std::chrono::steady_clock::now());
        };
        return {made_progress, about, true, report_throttled};
    }

    asio::awaitable<std::string> probe_database() {
        auto look = [](Snapshot& snapshot) { return snapshot.query("SELECT count(*) FROM schema_migrations").one<std::int64_t>(); };
        co_await db.read(look);
        co_return std::string(db.dialect());
    }

    Database& db;
    World& world;
    Metrics metrics;
    ThrottleAlerts throttle_alerts{metrics};
    StoreProbe probe;
    ServiceWarnings warnings;
    DeviceRegistry registry;
    std::unique_ptr<HttpClient> http;
    std::unique_ptr<BlobStore> blobs;
    WorkerPool pool;
    Intake intake;
    Services services;
    std::vector<Route> rows;
    RouteTable routes;
    Server server;
};

/// Blocks until someone asks us to stop. A second request ends the process at once.
void wait_for_stop(asio::io_context& signals, asio::signal_set& set) {
    set.async_wait([&](const boost::system::error_code&, int) { signals.stop(); });
    signals.run();
    signals.restart();
}

/// On standard error, in the log, and for doctor, which may run with other settings.
void warn_of_unsigned_webhooks(Runtime& rt) {
    announce(rt, fmt::format("warning: {}", unsigned_are_accepted));
    log::warning(unsigned_are_accepted);
    auto note = [](Transaction& tx) { service_warnings::note(tx, ServiceWarningKind::unsigned_webhooks); };
    write_and_wait(rt.database(), note);
}

void serve(Runtime& rt, const ServeOptions& opts) {
    set_up_service_log(rt);
    asio::io_context signals(1);
    asio::signal_set set(signals, SIGINT, SIGTERM);
    HangUp hang_up(signals);

    Service service(rt, opts);
    service.load_devices(rt);
    for (const std::string& missing : service.missing_credentials()) log::warning("credentials missing", {{"what", missing}});
    if (service.services.allow_unsigned_webhooks) warn_of_unsigned_webhooks(rt);
    service.pool.start(opts.workers);
    service.server.start();
    for (const std::string& address : service.server.addresses()) announce(rt, fmt::format("wabot {} serves http://{}", version(), address));
    ServiceWatchdog vitals(service.db, rt.environment(), service.signs());
    vitals.ready(fmt::format("serving {}", fmt::join(service.server.addresses(), ", ")));
    log::info("serving", {{"addresses", fmt::format("{}", fmt::join(service.server.addresses(), ","))}, {"workers", opts.workers}});

    wait_for_stop(signals, set);
    // A second signal ends the process at once.
    set.async_wait([](const boost::system::error_code& cancelled, int) {
        if (!cancelled) ::_exit(130);
    });
    std::thread impatient([&signals] { signals.run(); });

    log::info("stopping");
    vitals.stopping();
    const auto deadline = std::chrono::steady_clock::now() + drain_timeout(rt.settings());
    service.server.drain(drain_timeout(rt.settings()));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    service.pool.stop(std::max(left, 1000ms));
    vitals.stop();
    service.http.reset();  // these two before the loops go away that wait for them
    service.blobs.reset();
    service.server.stop();
    service.db.close();
    set.cancel();
    hang_up.cancel();
    impatient.join();
    log::info("stopped");
}

}  // namespace

std::span<const Command> serve_commands() {
    static const Command table[] = {
        // namespace
        {
            .path = "serve",
            .summary = "Run the server: receive webhooks, answer and send, with workers in the same process",
            .effect = Effect::runs,
            .formats = formats::document,
            .examples = {{"wabot serve -c /etc/wabot/wabot.toml", "in production"},
                         {"wabot serve --listen 127.0.0.1:8080 --workers 2", "another port, two workers"}},
            .build = [](CommandBuilder& cmd) -> Action {
                auto opts = cmd.options<ServeOptions>();
                cmd.option("--listen", opts->listen, "Address to listen on: 8000, 127.0.0.1:8000, [::1]:8000; port 0 chooses a free port")
                    .shown_as("ADDR");
                cmd.option("--workers", opts->workers, "Workers in this process; 0: only `wabot worker` processes do the work (default 1)")
                    .shown_as("N");
                return [opts](Runtime& rt) {
                    if (opts->workers < 0 || opts->workers > 64) usage_error("--workers takes 0 to 64", {}, "--workers");
                    serve(rt, *opts);
                };
            },
        },
    };
    return table;
}

}  // namespace wabot::cli
