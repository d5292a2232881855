// What wabot's webhook is measured against, over the same HTTP server: POST /parse checks the signature, parses and stores nothing;
// POST /append checks the signature and stores the body as wabot does, but with one transaction for each request.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/clock.hpp"
#include "core/base/hex.hpp"
#include "core/base/json.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/database/open_database.hpp"
#include "core/inbox/inbox.hpp"
#include "core/telemetry/metrics.hpp"
#include "server/http/server.hpp"
#include "server/services.hpp"

namespace {

using namespace wabot;

struct Baseline : Services {
    std::string secret;
    std::optional<Vault> vault;
    std::unique_ptr<Database> db;
};

void check_signature(const Request& request, const Baseline& baseline) {
    constexpr std::string_view prefix = "sha256=";
    const std::string_view header = request.header("X-Hub-Signature-256").value_or("");
    const auto given = header.starts_with(prefix) ? from_hex(header.substr(prefix.size())) : std::nullopt;
    if (!given || !equal_in_constant_time(*given, hmac_sha256(baseline.secret, request.body))) throw Error(Errc::unauthenticated, "wrong signature");
}

asio::awaitable<Response> parse(const Request& request, Services& services) {
    check_signature(request, static_cast<Baseline&>(services));
    const Json body = read_json(request.body);
    if (body.at("entry").empty()) throw Error(Errc::bad_request, "nothing in it");
    co_return Response::empty();
}

asio::awaitable<Response> append(const Request& request, Services& services) {
    auto& baseline = static_cast<Baseline&>(services);
    check_signature(request, baseline);
    inbox::Arrival arrival = inbox::make_arrival(*baseline.vault, "bench", request.body, request.id);
    arrival.verified_by = DeviceId{1};
    arrival.verified_revision = 1;
    auto work = [&arrival](Transaction& tx) { return inbox::append(tx, arrival); };
    if (co_await baseline.db->write(work) == inbox::Appended::stale) throw Error(Errc::stale, "device 1 is no longer at revision 1");
    co_return Response::empty();
}

constexpr Route rows[] = {
    {Verb::post, {"/parse"}, Access::signature, parse, "", "", "Checks and parses"},
    {Verb::post, {"/append"}, Access::signature, append, "", "", "Checks and stores, a transaction each"},
};

std::string first_line(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

int main(int argc, char** argv) {
    std::string listen, secret_file, key_file, store;
    CLI::App app("What wabot's webhook is measured against");
    app.add_option("--listen", listen)->required();
    app.add_option("--secret-file", secret_file)->required();
    app.add_option("--key-file", key_file, "The master key, for /append");
    app.add_option("--store", store, "The SQLite file, for /append");
    CLI11_PARSE(app, argc, argv);

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    const World& world = real_world();
    Metrics metrics;
    Baseline baseline{{.clock = world.clock, .random = world.random, .metrics = metrics}, first_line(secret_file), {}, {}};
    if (!store.empty()) {
        baseline.vault.emplace(first_line(key_file), world.random);
        baseline.db = open_database("sqlite:///" + store, world.clock, {.batch_max = 1});
    }
    const RouteTable tables[] = {rows};
    Server server({.listen = {listen}}, baseline, metrics, world.random, tables);
    server.start();
    int signal = 0;
    sigwait(&ends, &signal);
    server.drain(std::chrono::seconds(5));
    if (baseline.db) baseline.db->close();
    server.stop();
}
