#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/framework/runtime.hpp"

namespace wabot::cli {

/// How far a piece of work is.
struct ProgressState {
    std::string what;  // "webhooks"
    std::int64_t done = 0;
    std::optional<std::int64_t> total = {};  // none: not known
    std::chrono::duration<double> elapsed{};

    double per_second() const;
    /// Until the end, if it goes on like this; none when it is not known.
    std::optional<std::chrono::seconds> left() const;
};

/// One line that fits the screen: "webhooks [########........]  1200/2400  50%  310/s  4 s left".
std::string progress_bar(const ProgressState& stand, const Screen& screen);
/// "webhooks: 1200 of 2400, 310/s, 4 s left"
std::string progress_line(const ProgressState& stand);
/// {"kind":"progress", ...} on a line.
std::string progress_json(const ProgressState& stand);

/// Tells on stderr how far long work is, from half a second on, until it goes: a bar that is drawn over itself on a terminal and leaves nothing
/// behind, also when a signal or --timeout ends the work; elsewhere a line every ten seconds. Nothing under --quiet. A thread of its own does so: the
/// work may be held up anywhere.
class Progress {
public:
    Progress(Runtime& rt, std::string what, std::optional<std::int64_t> total = std::nullopt);
    ~Progress();
    Progress(const Progress&) = delete;

    /// Any thread.
    void advance(std::int64_t by = 1) { done_ += by; }

private:
    enum class Form { bar, lines, json };

    void tell_until_over();
    ProgressState stand() const;

    const std::string what_;
    const std::optional<std::int64_t> total_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::atomic<std::int64_t> done_{0};

    Runtime& rt_;
    Screen screen_;
    Form form_ = Form::bar;
    std::mutex mutex_;
    std::condition_variable over_;
    bool is_over_ = false;
    std::thread teller_;
};

}  // namespace wabot::cli
