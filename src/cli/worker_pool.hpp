#pragma once

#include <chrono>
#include <memory>

#include "core/base/cause.hpp"
#include "core/base/settings.hpp"
#include "core/devices/directory.hpp"
#include "core/messaging/worker.hpp"

namespace wabot::cli {

/// The account that the environment names, for devices and directory.
EnvironmentCredentials environment_credentials(const Settings& settings);

/// How long what is kept.
retention::Keep retention_keep(const Settings& settings);

WorkerOptions worker_options(const Settings& settings);

/// The workers of this process: a thread each, one entry in the store for all.
class WorkerPool {
public:
    /// `tools` outlives the pool. Enters the process in the store, where what dead processes of this host held is released.
    WorkerPool(WorkerTools tools, WorkerOptions options, Cause cause);
    /// Ends without grace what `stop` has not ended.
    ~WorkerPool();

    void start(int workers);
    /// There is something in the inbox. Any thread.
    void notify();
    /// Takes no more work, lets what is in flight come to its end for at most `grace`, gives back the rest and leaves. True when nothing was cut
    /// short.
    bool stop(std::chrono::milliseconds grace);

    /// One round over everything that is due, on this thread. How many things it did.
    std::size_t round();

private:
    struct Thread;
    WorkerTools tools_;
    WorkerOptions options_;
    Cause cause_;
    WorkerId id_;
    std::vector<std::unique_ptr<Thread>> threads_;
    bool has_left_ = false;
};

}  // namespace wabot::cli
