#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/service/notify_socket.hpp"
#include "core/database/database.hpp"
#include "core/operations/throttling.hpp"
#include "core/queue/pauses.hpp"

namespace wabot::cli {

/// Whether the thread behind an executor still takes what is posted to it.
class LoopProbe {
public:
    explicit LoopProbe(asio::any_io_executor executor);
    /// Whether it has done so since this last said yes. One thread at a time.
    bool made_progress();

private:
    asio::any_io_executor executor_;
    std::shared_ptr<std::atomic<bool>> is_back_;
};

/// What `serve` and `worker` say of themselves while they run, from threads of its own: to systemd whether they are ready, stopping and alive,
/// and in a line what they do; in the log, when a queue has no worker any more, and when it has one again.
class ServiceWatchdog {
public:
    struct Watched {
        std::function<bool()> made_progress;  // whether every loop has gone on since this last said yes; called until stop()
        std::function<std::string()> about;   // "2 devices"
        bool minds_workers = false;           // whether missing workers are logged
        std::function<void(const std::vector<ThrottledDevice>&)> report_throttled = {};  // which devices are kept back, every few seconds
    };

    /// `db` outlives the object.
    ServiceWatchdog(Database& db, const Environment& environment, Watched signs);
    ~ServiceWatchdog();

    /// From now on work is taken, as `status` says.
    void ready(const std::string& status);
    /// No more is taken. It is alive, whatever stands still, until the service manager's own patience ends.
    void stopping();
    /// Says nothing more. Before the loops, and the store, go away.
    void stop();

private:
    void ping_until_over();
    void look_until_over();
    void look();
    void tell(const std::string& status);
    void report_unattended(const std::vector<QueueName>& unattended);

    Database& db_;
    const NotifySocket socket_;
    const Watched signs_;
    std::string told_;
    std::vector<QueueName> unattended_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool is_stopping_ = false;
    bool is_over_ = false;
    std::thread pinging_, looking_;
};

}  // namespace wabot::cli
