#pragma once

#include <chrono>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "core/queue/pauses.hpp"
#include "core/retention/retention.hpp"
#include "core/worker/job_kinds.hpp"

namespace wabot {

class BlobStore;
class Database;
class DeviceRegistry;
class HttpClient;
class Metrics;
class Vault;
struct World;

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
    DeviceRegistry& registry;
    Metrics& metrics;
    std::span<const JobKind> job_kinds = all_job_kinds();
};

}  // namespace wabot
