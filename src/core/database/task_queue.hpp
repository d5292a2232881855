#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/database/task.hpp"

namespace wabot {

using Tasks = std::vector<std::unique_ptr<Database::Task>>;

/// The units waiting for a kind of thread. Bounded; closing lets those inside out and nothing more in. Any thread.
class TaskQueue {
public:
    /// False when the queue is closed or full: then `unit` is still the caller's.
    bool push(std::unique_ptr<Database::Task>& task);

    /// Waits until there is something to take, or for so long; false when closed and empty.
    bool wait(std::chrono::milliseconds longest = std::chrono::milliseconds::max());
    /// The one that has waited longest, or none.
    std::unique_ptr<Database::Task> take();
    /// Takes out what has waited since before `limit`.
    Tasks take_overdue(std::chrono::steady_clock::time_point limit);
    Tasks take_all() { return take_overdue(std::chrono::steady_clock::time_point::max()); }
    bool empty() const;
    /// For each unit a thread waits.
    bool has_idle() const;

    void close();

private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::unique_ptr<Database::Task>> tasks_;
    std::size_t idle_ = 0;
    bool closed_ = false;
};

/// A unit that waits longer for its turn is refused.
inline constexpr std::chrono::seconds task_wait_max{8};

/// Ends units with Error{unavailable, why}.
void refuse(Tasks tasks, const std::string& why);
void refuse(std::unique_ptr<Database::Task> task, const std::string& why);
/// As `complete` of several.
void complete(std::unique_ptr<Database::Task> task);

}  // namespace wabot
