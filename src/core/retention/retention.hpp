#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "core/database/database.hpp"

/// What is kept for how long, and the taking away of what is older. Messages are kept for ever.
namespace wabot::retention {

using namespace std::chrono_literals;

/// How long after it came, or ended, a thing goes; 0: never. The settings retention.* say it.
struct Keep {
    std::chrono::milliseconds webhooks = 30 * 24h;
    std::chrono::milliseconds jobs = 7 * 24h;
    std::chrono::milliseconds changes = 30 * 24h;
    std::chrono::milliseconds files = 0h;
    std::chrono::milliseconds audit = 3650 * 24h;
    std::chrono::milliseconds idempotency_keys = 48h;
};

/// What one step took away.
struct Step {
    std::int64_t rows = 0;
    std::int64_t next = 0;  // where the next step goes on
    bool is_last = true;
};

/// One kind of thing that goes.
struct Rule {
    std::string_view noun;     // "webhook"
    std::string_view setting;  // "retention.webhooks"
    std::string_view what;     // "bodies of processed webhooks"
    std::chrono::milliseconds Keep::*keep;
    std::int64_t (*count)(Snapshot& db, Time before);
    /// Takes away some of what is older than `before`: 500 rows or little more, so that others write in between.
    Step (*step)(Transaction& tx, Time before, std::int64_t from);
};
std::span<const Rule> all_rules();

/// How many rows `run` would take away.
std::int64_t count(Snapshot& db, const Rule& rule, const Keep& keep);
/// One step of `run`, from where the last one said.
Step step(Transaction& tx, const Rule& rule, const Keep& keep, std::int64_t from);
/// Takes away what is too old, each step a unit of its own; killed, the next run goes on with the rest. How many rows.
asio::awaitable<std::int64_t> run(Database& db, const Rule& rule, Keep keep);

/// The job that runs every rule.
inline constexpr std::string_view job_kind = "retention";
/// Puts that job in line, once for each hour. Whether it was the first to do so.
bool enqueue(Transaction& tx);

}  // namespace wabot::retention
