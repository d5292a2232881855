#pragma once

#include <boost/asio/awaitable.hpp>
#include <span>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_registry.hpp"
#include "core/files/blob_store.hpp"
#include "core/http_client/http_client.hpp"
#include "core/queue/jobs.hpp"
#include "core/retention/retention.hpp"

namespace wabot {

/// What a job works with.
struct JobTools {
    Database& db;
    const Vault& vault;
    World& world;
    HttpClient& http;
    BlobStore& blobs;
    Directory& directory;
    retention::Keep keep;
};

/// A kind of job and what runs it. It may run again from its beginning after a kill, or while an earlier run of it, late, has not ended yet: what
/// it writes must bear that. An exception fails the attempt.
struct JobKind {
    std::string_view kind;
    std::int64_t version;
    asio::awaitable<void> (*run)(const JobTools& tools, const ClaimedJob& job);
};

/// Every kind of job there is.
std::span<const JobKind> all_job_kinds();

}  // namespace wabot
