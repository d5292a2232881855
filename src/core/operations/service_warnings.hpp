#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <vector>

#include "core/base/describe.hpp"
#include "core/base/log_throttle.hpp"
#include "core/database/database.hpp"

namespace wabot {

class Clock;

/// What a running server notices about its surroundings, for `doctor`, which runs in another process.
WABOT_ENUM(ServiceWarningKind, metrics_through_proxy, unsigned_webhooks)

/// The last time of a kind.
struct ServiceWarning {
    ServiceWarningKind kind;
    Time seen_at;
};
WABOT_DESCRIBE(ServiceWarning, FIELD(kind, .key = true), FIELD(seen_at))

namespace service_warnings {

void note(Transaction& tx, ServiceWarningKind kind);
/// Those seen after `time`.
std::vector<ServiceWarning> list_since(Snapshot& db, Time time);

}  // namespace service_warnings

/// Logs and stores warnings of a running server, each kind at most once a second. Any thread.
class ServiceWarnings {
public:
    ServiceWarnings(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    /// Never throws: without the store the log has the warning.
    asio::awaitable<void> note(ServiceWarningKind kind);

private:
    Database& db_;
    const Clock& clock_;
    std::array<LogThrottle, words_of<ServiceWarningKind>.size()> throttles_;
};

}  // namespace wabot
