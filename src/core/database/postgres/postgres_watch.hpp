#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace wabot {

/// Notices commits of other processes: by LISTEN on a connection of its own, behind a pooler by asking 20 times a second which transactions have
/// ended.
class PostgresWatch {
public:
    /// `self` is what this process says with its own notifications.
    PostgresWatch(std::string libpq_url, std::string self, bool is_pooled);
    ~PostgresWatch();

    /// Grows when others may have committed something. Never blocks. The first call begins to watch.
    std::uint64_t count();
    /// Called once.
    void close();

private:
    void watch_until_closed();
    void watch_connection();
    bool wait_for_close(std::chrono::milliseconds time);
    class Socket;

    const std::string url_;
    const std::string self_;
    const bool polls_;
    std::atomic<std::uint64_t> count_{0};
    std::atomic<bool> has_begun_{false};
    std::mutex mutex_;
    std::condition_variable closing_;
    bool is_closed_ = false;
    int socket_ = -1;  // of the connection that waits for an answer
    std::thread thread_;
};

/// The channel on which processes tell each other that they committed something.
inline constexpr const char* postgres_channel = "wabot_commits";

}  // namespace wabot
