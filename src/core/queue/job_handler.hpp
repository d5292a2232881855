#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <span>
#include <string_view>

namespace wabot {

namespace asio = boost::asio;

class Database;
class Vault;
class HttpClient;
class BlobStore;
class DeviceRegistry;
struct World;
struct ClaimedJob;
namespace retention {
struct Keep;
}

/// What a job works with.
struct JobTools {
    Database& db;
    const Vault& vault;
    World& world;
    HttpClient& http;
    BlobStore& blobs;
    DeviceRegistry& registry;
    const retention::Keep& keep;
};

/// A kind of job and what runs it. It may run again from its beginning after a kill, or while an earlier run of it, late, has not ended yet: what
/// it writes must bear that. An exception fails the attempt.
struct JobKind {
    std::string_view kind;
    std::int64_t version;
    asio::awaitable<void> (*run)(const JobTools& tools, const ClaimedJob& job);
};

/// Null when there is none of that kind and version.
const JobKind* find_job_kind(std::span<const JobKind> kinds, std::string_view kind, std::int64_t version);

}  // namespace wabot
