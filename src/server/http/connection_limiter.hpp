#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/telemetry/metrics.hpp"
#include "server/http/http_limits.hpp"

namespace wabot {

/// Counts the open connections, in all and by address, and what they hold of bodies. Any thread may use it; it outlives its tickets.
class ConnectionLimiter {
public:
    ConnectionLimiter(const HttpLimits& limits, Metrics::Gauge open) : limits_(limits), open_(open) {}

    /// One open connection; counted until destroyed.
    class Slot {
    public:
        Slot() = default;
        Slot(Slot&& other) noexcept
            : from_(std::exchange(other.from_, nullptr)), peer_(std::move(other.peer_)), held_(std::exchange(other.held_, 0)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() {
            hold(0);
            if (from_) from_->leave(peer_);
        }

        /// Notes that the connection now holds so many bytes of a body. False when there is no room for them: then it has as many as before.
        bool hold(std::size_t bytes);

    private:
        friend class ConnectionLimiter;
        Slot(ConnectionLimiter* from, std::string peer) : from_(from), peer_(std::move(peer)) {}
        ConnectionLimiter* from_ = nullptr;
        std::string peer_;
        std::size_t held_ = 0;
    };

    enum class Answer { accepted, full, too_many_of_peer };

    /// `peer`: the address, or empty for one that is not counted by address.
    std::pair<Answer, Slot> enter(const std::string& peer);
    /// False when some are still in at `deadline`.
    bool wait_until_empty(std::chrono::steady_clock::time_point deadline) const;

private:
    void leave(const std::string& peer);

    const HttpLimits& limits_;
    Metrics::Gauge open_;
    mutable std::mutex mutex_;
    mutable std::condition_variable emptied_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> peers_;
    std::atomic<std::size_t> held_{0};  // bytes of bodies
};

}  // namespace wabot
