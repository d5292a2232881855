#include "cli/framework/deadline.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace wabot::cli {

Deadline::Deadline(std::optional<std::chrono::milliseconds> limit, std::function<void()> tell) : tell_(std::move(tell)) {
    if (!limit) return;
    // Signals are for the thread that works, which may hold them back.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, limit = *limit] { watch(limit); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Deadline::~Deadline() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

void Deadline::tell_by_signal() {
    const std::lock_guard lock(mutex_);
    tells_by_signal_ = true;
}

void Deadline::tidy_with(std::function<void()> tidy) {
    const std::lock_guard lock(mutex_);
    tidy_ = std::move(tidy);
}

void Deadline::watch(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    const auto ended_within = [&](std::chrono::milliseconds time) { return ended_.wait_for(lock, time, [this] { return is_over_; }); };
    if (ended_within(limit)) return;
    if (tells_by_signal_) {
        ::kill(::getpid(), SIGALRM);
        if (ended_within(std::chrono::seconds(1))) return;
    }
    if (tidy_) tidy_();
    tell_();
    ::_exit(static_cast<int>(Exit::timeout));
}

}  // namespace wabot::cli
