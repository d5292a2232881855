#include "core/database/postgres/postgres_watch.hpp"

#include <sys/socket.h>

#include <optional>
#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/notification>
#include <pqxx/result>

#include "core/base/log.hpp"
#include "core/database/postgres/postgres_url.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 50ms;  // how often a closing is looked for, and commits behind a pooler
constexpr auto sure_interval = 1s;    // a notification may be lost with the process that did not come to send it
constexpr auto retry_interval = 1s;   // between two attempts to connect

class Listener final : public pqxx::notification_receiver {
public:
    Listener(pqxx::connection_base& connection, const std::string& self, std::atomic<std::uint64_t>& count)
        : notification_receiver(connection, postgres_channel), self_(self), count_(count) {}
    void operator()(const std::string& sender, int) override {
        if (sender != self_) count_.fetch_add(1);
    }

private:
    const std::string& self_;
    std::atomic<std::uint64_t>& count_;
};

/// Changes whenever a transaction of anybody has ended and can be seen.
std::string ended_transactions(pqxx::connection& connection) {
    pqxx::nontransaction work(connection);
    return work.exec("SELECT pg_current_snapshot()::text")[0][0].c_str();
}

}  // namespace

/// Lets `close` end the wait for a server that says nothing.
class PostgresWatch::Socket {
public:
    Socket(PostgresWatch& watch, pqxx::connection& connection) : watch_(watch) {
        // libpqxx would connect again to say that it listens no more.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
        const std::lock_guard lock(watch_.mutex_);
        watch_.socket_ = connection.sock();
        if (watch_.is_closed_) ::shutdown(watch_.socket_, SHUT_RDWR);
    }
    ~Socket() {
        const std::lock_guard lock(watch_.mutex_);
        watch_.socket_ = -1;
    }
    Socket(const Socket&) = delete;

private:
    PostgresWatch& watch_;
};

PostgresWatch::PostgresWatch(std::string libpq_url, std::string self, bool is_pooled)
    : url_(std::move(libpq_url)), self_(std::move(self)), polls_(is_pooled) {}

PostgresWatch::~PostgresWatch() {
    close();
}

std::uint64_t PostgresWatch::count() {
    if (!has_begun_.load()) {
        const std::lock_guard lock(mutex_);
        if (!is_closed_ && !thread_.joinable()) thread_ = std::thread([this] { watch_until_closed(); });
        has_begun_.store(true);
    }
    return count_.load();
}

void PostgresWatch::close() {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
    }
    closing_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool PostgresWatch::wait_for_close(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return closing_.wait_for(lock, time, [this] { return is_closed_; });
}

void PostgresWatch::watch_until_closed() {
    do {
        try {
            watch_connection();
            return;
        } catch (const std::exception& error) {
            log::debug("store changes cannot be watched; trying again", {{"error", explain_connect_fault(error.what()).message}});
            count_.fetch_add(1);  // changes while there was no watch
        }
    } while (!wait_for_close(retry_interval));
}

void PostgresWatch::watch_connection() {
    pqxx::connection connection(url_);
    const Socket socket(*this, connection);
    std::optional<Listener> listener;
    if (!polls_) listener.emplace(connection, self_, count_);
    count_.fetch_add(1);
    std::string seen = ended_transactions(connection);
    auto looked_at = std::chrono::steady_clock::now();
    while (!wait_for_close(polls_ ? look_interval : 0ms)) {
        if (!polls_) connection.await_notification(0, std::chrono::microseconds(look_interval).count());
        const auto now = std::chrono::steady_clock::now();
        if (!polls_ && now - looked_at < sure_interval) continue;
        looked_at = now;
        std::string ended = ended_transactions(connection);
        if (ended == seen) continue;
        seen = std::move(ended);
        count_.fetch_add(1);
    }
}

}  // namespace wabot
