#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <exception>

#include "core/database/database.hpp"

namespace wabot {

/// A piece of work on its way to a database thread and back. Exactly one of `work` and `query` is set; both outlive the unit, for the
/// coroutine that owns them is suspended until `complete`.
struct Database::Task {
    std::function<void(Transaction&)>* work = nullptr;
    std::function<void(Snapshot&)>* query = nullptr;
    std::exception_ptr failure;
    std::chrono::steady_clock::time_point waiting_since = std::chrono::steady_clock::now();

    struct Waiter {
        virtual ~Waiter() = default;
        virtual void resume(std::exception_ptr failure) = 0;
    };
    std::unique_ptr<Waiter> waiter;
    asio::any_io_executor executor;  // counts as work of its context, so that this does not end while we are under way
};

/// Resumes the coroutines of `units`, each on its executor, with one post for each executor.
void complete(std::vector<std::unique_ptr<Database::Task>> tasks);

}  // namespace wabot
