#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

/// Ends the process when a command has not come to its end within a time; the store stands that, as it stands a kill. `tell` says so first, from a
/// thread of its own.
class Deadline {
public:
    Deadline(std::optional<std::chrono::milliseconds> limit, std::function<void()> tell);
    ~Deadline();
    Deadline(const Deadline&) = delete;

    /// The command ends itself: SIGALRM tells it that the time is over, and it has a second.
    void tell_by_signal();
    /// Comes before `tell`, in its thread, instead of what was set before: mends what stands half written on the terminal.
    void tidy_with(std::function<void()> tidy);

private:
    void watch(std::chrono::milliseconds limit);

    std::function<void()> tell_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::function<void()> tidy_;
    bool tells_by_signal_ = false;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace wabot::cli
