#pragma once

#include <chrono>
#include <csignal>
#include <functional>

#include "cli/framework/runtime.hpp"

namespace wabot::cli {

/// SIGINT, SIGTERM and the end of --timeout, asked for instead of being interrupted by them: for commands that show what happens until they are
/// stopped. Made before the command's first thread, which would take the signals otherwise. While an output is full and not read, a signal ends
/// the process at once.
class Interrupt {
public:
    explicit Interrupt(Runtime& rt);
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;

    /// Waits that long; true when a signal came, now or before.
    bool wait(std::chrono::milliseconds limit);
    bool caught() const { return signal_ != 0; }
    bool is_out_of_time() const { return signal_ == SIGALRM; }
    /// Ends the process by the signal that came, so that the parent sees 130 or 143; CommandExit{timeout} when the time was over. What was
    /// printed is flushed before, as far as it is read.
    [[noreturn]] void exit_by_signal();

private:
    Runtime& rt_;
    sigset_t signals_{};
    sigset_t before_{};
    int signal_ = 0;
};

enum class Look {
    wait,   // until something changes
    again,  // at once, there is more
    end,
};

/// Calls `look` whenever the store may have changed, within 50 ms of it, and every second; `idle(limit)` is where the time between is spent. Returns
/// when `look` says so or a signal came. While the store is unavailable it is told once on stderr, and waited for.
/// Ends the process by SIGPIPE when the reader of standard output has ended.
void follow(Runtime& rt, Interrupt& interrupt, const std::function<Look()>& look, const std::function<void(std::chrono::milliseconds)>& idle);

}  // namespace wabot::cli
