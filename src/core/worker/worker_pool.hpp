#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/worker/tools.hpp"

namespace wabot {

/// The workers of this process: a thread each, one entry in the store for all. Without any there is no entry.
class WorkerPool {
public:
    /// `tools` outlives the pool. Releases what dead processes of this host held.
    WorkerPool(WorkerTools tools, WorkerOptions options, Cause cause);
    /// Ends without grace what `stop` has not ended.
    ~WorkerPool();

    /// Enters the process in the store and sets the workers to work.
    void start(int workers);
    /// Whether each of them has gone on since this last said yes. One thread at a time, until `stop`.
    bool made_progress();
    /// There is something in the inbox. Any thread.
    void notify();
    /// Takes no more work, lets what is in flight come to its end for at most `grace`, gives back the rest and leaves. True when nothing was cut
    /// short.
    bool stop(std::chrono::milliseconds grace);

    /// One round over everything that is due, on this thread. How many things it did.
    std::size_t round();

private:
    struct Thread;
    void enter();
    WorkerTools tools_;
    WorkerOptions options_;
    Cause cause_;
    std::optional<WorkerId> id_;  // once entered, until it has left
    std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace wabot
