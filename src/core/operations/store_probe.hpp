#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "core/base/error.hpp"
#include "core/database/database.hpp"

namespace wabot {

namespace store_probe {

/// The write that a health check reports on: one row, committed. Throws what a webhook would meet.
void write(Transaction& tx);

}  // namespace store_probe

/// Whether the store takes a write, asked once a second at most however often it is wanted to be known. Any thread.
class StoreProbe {
public:
    explicit StoreProbe(Database& db) : db_(db) {}

    /// Why it takes none; nullopt when it does. The answer of a write that is under way is not waited for twice: the last one is given.
    asio::awaitable<std::optional<Error>> check();

private:
    bool is_due();

    Database& db_;
    std::mutex mutex_;
    std::optional<Error> failure_;
    std::optional<std::chrono::steady_clock::time_point> checked_at_;
    bool is_under_way_ = false;
};

}  // namespace wabot
