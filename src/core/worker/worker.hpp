#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "core/base/clock.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_registry.hpp"
#include "core/files/blob_store.hpp"
#include "core/http_client/http_client.hpp"
#include "core/messaging/lanes.hpp"
#include "core/queue/pauses.hpp"
#include "core/telemetry/metrics.hpp"
#include "core/worker/job_kinds.hpp"

namespace wabot {

struct WorkerOptions {
    std::vector<QueueName> queues{std::begin(all_queues), std::end(all_queues)};  // what it works on; it leaves the others alone
    std::chrono::milliseconds lease{60'000};
    std::chrono::milliseconds uncertain_window{120'000};
    std::chrono::milliseconds takeover_timeout{12 * 3600 * 1000};
    std::chrono::milliseconds media_wait{60'000};
    std::int64_t turn_attempts = 8;
    std::int64_t send_attempts = 8;
    int send_concurrency = 128;
    int turn_concurrency = 256;
    int job_concurrency = 16;
    retention::Keep keep{};
};

/// What a worker works with; all of it outlives the worker.
struct WorkerTools {
    Database& db;
    const Vault& vault;
    World& world;
    HttpClient& http;
    BlobStore& blobs;
    Directory& directory;
    Metrics& metrics;
    std::span<const JobKind> job_kinds = all_job_kinds();
};

/// Empties the inbox, answers turns, hands over sends and runs jobs: the path of a message from the inbox on, and what is done beside it. All of
/// it on one executor that one thread runs; several workers, in one process or in several, share the work by the lanes. A paused queue is left
/// alone.
class Worker {
public:
    /// `id`: of this process, from workers::enter.
    Worker(WorkerTools tools, WorkerOptions options, WorkerId id, asio::any_io_executor executor);
    ~Worker();

    /// Works until `stop`, then lets what is in flight come to its end. Comes back only when nothing of it is left.
    asio::awaitable<void> run();
    /// One round over everything that is due, in the order inbox, turns, sends, jobs. How many things it did.
    asio::awaitable<std::size_t> round();

    /// There is something in the inbox. From any thread.
    void notify();
    /// No more work is taken. From any thread.
    void stop();
    /// Whether `run` has gone on with each of its queues since this last said yes: false of one that hangs. From any thread, one at a time.
    bool has_moved();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace wabot
