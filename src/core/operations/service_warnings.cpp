#include "core/operations/service_warnings.hpp"

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

namespace {

std::string_view phrase_of(ServiceWarningKind kind) {
    switch (kind) {
        case ServiceWarningKind::metrics_through_proxy: return "metrics refused, the request came through a proxy and metrics.token is not set";
        case ServiceWarningKind::unsigned_webhooks: return "unsigned webhook accepted, security.allow_unsigned_webhooks is true";
    }
    return "";
}

}  // namespace

namespace service_warnings {

void note(Transaction& tx, ServiceWarningKind kind) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO service_warnings (kind, seen_at) VALUES ($1, $2)
        ON CONFLICT (kind) DO UPDATE SET seen_at = excluded.seen_at)sql";
    tx.execute(sql, kind, tx.now());
}

std::vector<ServiceWarning> list_since(Snapshot& db, Time time) {
    static constexpr std::string_view sql = "SELECT kind, seen_at FROM service_warnings WHERE seen_at > $1 ORDER BY kind";
    return db.query(sql, time).all<ServiceWarning>();
}

}  // namespace service_warnings

asio::awaitable<void> ServiceWarnings::note(ServiceWarningKind kind) {
    if (!throttles_.at(static_cast<std::size_t>(kind)).is_first(clock_.since_boot())) co_return;
    log::warning(phrase_of(kind));
    auto store = [kind](Transaction& tx) { service_warnings::note(tx, kind); };
    try {
        co_await db_.write(store);
    } catch (const Error& error) {
        log::warning("a warning for doctor could not be stored", {{"cause", error.what()}});
    }
}

}  // namespace wabot
