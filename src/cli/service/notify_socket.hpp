#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <string_view>

#include "core/config/config_files.hpp"

namespace wabot::cli {

/// Where systemd listens for what a service says of itself (sd_notify(3)). Without NOTIFY_SOCKET every call does nothing.
class NotifySocket {
public:
    explicit NotifySocket(const Environment& environment);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;

    bool is_open() const { return descriptor_ >= 0; }
    /// The longest silence after which we are killed, WATCHDOG_USEC; zero without a watchdog, or when it is not for this process
    /// (sd_watchdog_enabled(3)).
    std::chrono::microseconds watchdog() const { return watchdog_; }

    /// One assignment a line: "READY=1\nSTATUS=serving". Any thread; waits for at most a second, and a failure is logged.
    void send(std::string_view lines) const noexcept;

private:
    int descriptor_ = -1;
    sockaddr_un address_{};
    socklen_t address_length_ = 0;
    std::chrono::microseconds watchdog_{0};
};

}  // namespace wabot::cli
