#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "core/base/ids.hpp"
#include "core/worker/tools.hpp"

namespace wabot {

namespace asio = boost::asio;

/// Empties the inbox, answers turns, hands over sends and runs jobs: the path of a message from the inbox on, and what is done beside it. All of
/// it on one executor that one thread runs; several workers, in one process or in several, share the work by the lanes. A paused queue is left
/// alone.
class Worker {
public:
    /// `id`: of this process, from workers::enter.
    Worker(WorkerTools tools, WorkerOptions options, WorkerId id, asio::any_io_executor executor);
    ~Worker();

    /// Works until `stop`, then lets what is in flight come to its end. Comes back only when nothing of it is left.
    asio::awaitable<void> run();
    /// One round over everything that is due, in the order inbox, turns, sends, jobs. How many things it did.
    asio::awaitable<std::size_t> round();

    /// There is something in the inbox. From any thread.
    void notify();
    /// No more work is taken. From any thread.
    void stop();
    /// Whether `run` has gone on with each of its queues since this last said yes: false of one that hangs. From any thread, one at a time.
    bool made_progress();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace wabot
