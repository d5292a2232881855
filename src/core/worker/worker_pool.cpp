#include "core/worker/worker_pool.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/log.hpp"
#include "core/database/wait.hpp"
#include "core/worker/worker.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot {

namespace {

sends::Limits limits_of(const WorkerOptions& options) {
    return {options.send_attempts, options.uncertain_window};
}

}  // namespace

struct WorkerPool::Thread {
    Thread(const WorkerTools& tools, const WorkerOptions& options, WorkerId id) : worker(tools, options, id, context.get_executor()) {}

    void start() {
        asio::co_spawn(context, worker.run(), [this](std::exception_ptr) {
            const std::lock_guard lock(mutex);
            is_done = true;
            done.notify_all();
        });
        thread = std::thread([this] { context.run(); });
    }

    bool wait_until(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex);
        return done.wait_until(lock, deadline, [this] { return is_done; });
    }

    asio::io_context context{1};
    Worker worker;
    std::thread thread;
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
};

WorkerPool::WorkerPool(WorkerTools tools, WorkerOptions options, Cause cause) : tools_(tools), options_(options), cause_(std::move(cause)) {
    auto release = [this](Transaction& tx) { workers::release_dead(tx, cause_, workers::this_process(), limits_of(options_)); };
    write_and_wait(tools_.db, release);
}

WorkerPool::~WorkerPool() {
    stop(std::chrono::milliseconds(0));
}

void WorkerPool::enter() {
    const std::string queues = workers::names_of(options_.queues);
    auto enter = [&](Transaction& tx) { return workers::enter(tx, cause_, workers::this_process(), queues, limits_of(options_)); };
    id_ = write_and_wait(tools_.db, enter);
}

void WorkerPool::start(int workers) {
    if (workers > 0) enter();
    for (int i = 0; i < workers; ++i) {
        // The limit is the process's, whatever number of workers it has.
        WorkerOptions share = options_;
        share.send_concurrency = options_.send_concurrency / workers + (i < options_.send_concurrency % workers ? 1 : 0);
        threads_.push_back(std::make_unique<Thread>(tools_, share, *id_));
    }
    for (auto& thread : threads_) thread->start();
}

void WorkerPool::notify() {
    for (auto& thread : threads_) thread->worker.notify();
}

bool WorkerPool::made_progress() {
    return std::all_of(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->worker.made_progress(); });
}

bool WorkerPool::stop(std::chrono::milliseconds grace) {
    if (!id_) return true;
    const auto deadline = std::chrono::steady_clock::now() + grace;
    for (auto& thread : threads_) thread->worker.stop();
    bool all_done = true;
    for (auto& thread : threads_) all_done = thread->wait_until(deadline) && all_done;
    for (auto& thread : threads_) {
        thread->context.stop();
        thread->thread.join();
    }
    const WorkerId id = *std::exchange(id_, std::nullopt);
    auto leave = [this, id](Transaction& tx) { workers::leave(tx, cause_, id, limits_of(options_)); };
    try {
        write_and_wait(tools_.db, leave);
    } catch (const std::exception& error) {
        // Its leases run out by themselves.
        log::warning("worker not deregistered", {{"error", error.what()}});
    }
    return all_done;
}

std::size_t WorkerPool::round() {
    if (!id_) enter();
    asio::io_context context(1);
    Worker worker(tools_, options_, *id_, context.get_executor());
    std::size_t done = 0;
    std::exception_ptr failure;
    auto one_round = [&]() -> asio::awaitable<void> { done = co_await worker.round(); };
    asio::co_spawn(context, one_round(), [&failure](std::exception_ptr thrown) { failure = thrown; });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return done;
}

}  // namespace wabot
