#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/database/transaction.hpp"

namespace wabot {

namespace asio = boost::asio;

/// Where everything is kept. Any thread may call `read` and `write`; the coroutine resumes on its own executor. Neither can be cancelled:
/// limits on time are the driver's. `close` before the executor that awaits goes away.
class Database {
public:
    virtual ~Database() = default;

    /// Runs `work(Transaction&)` and resumes once its COMMIT is durable. Waiting units may share one COMMIT (a savepoint each); one that throws
    /// rolls back alone and its exception comes out here. `work` may run more than once: it has no effect but the database.
    /// Error{unavailable} when the COMMIT failed or its outcome is unknown.
    template <class Work>
    asio::awaitable<std::invoke_result_t<Work&, Transaction&>> write(Work work) {
        using Result = std::invoke_result_t<Work&, Transaction&>;
        if constexpr (std::is_void_v<Result>) {
            std::function<void(Transaction&)> call = std::ref(work);
            co_await submit(call);
        } else {
            std::optional<Result> result;
            std::function<void(Transaction&)> call = [&result, &work](Transaction& tx) { result.emplace(work(tx)); };
            co_await submit(call);
            co_return std::move(*result);
        }
    }

    /// Runs `query(Snapshot&)` on a reader and gives its answer.
    template <class Query>
    asio::awaitable<std::invoke_result_t<Query&, Snapshot&>> read(Query query) {
        using Result = std::invoke_result_t<Query&, Snapshot&>;
        if constexpr (std::is_void_v<Result>) {
            std::function<void(Snapshot&)> call = std::ref(query);
            co_await submit(call);
        } else {
            std::optional<Result> result;
            std::function<void(Snapshot&)> call = [&result, &query](Snapshot& snapshot) { result.emplace(query(snapshot)); };
            co_await submit(call);
            co_return std::move(*result);
        }
    }

    /// Grows with every commit of this process and, within 50 ms, of others: when it stands still there is nothing new to look for.
    virtual std::uint64_t change_count() = 0;
    /// "sqlite 3.40.1, WAL, synchronous=FULL": for doctor and start-up.
    virtual std::string description() = 0;
    /// The migrations' dialect: "sqlite", "postgres".
    virtual std::string_view dialect() const = 0;
    /// How many commits can be on their way to the disk beside each other.
    virtual std::size_t commits_at_once() const { return 1; }
    /// All tables of the database, also those of other tools. Blocking.
    virtual std::vector<std::string> table_names() = 0;
    /// Makes a consistent copy beside the store and says where; nullopt where the engine has its own tools for that. Blocking.
    virtual std::optional<std::string> back_up() = 0;
    /// Finishes what was submitted, refuses the rest with Error{unavailable}. Called once.
    virtual void close() = 0;

    /// A piece of work on its way to a database thread and back.
    struct Task;

protected:
    virtual void enqueue(std::unique_ptr<Task> task) = 0;

private:
    asio::awaitable<void> submit(std::unique_ptr<Task> task);
    asio::awaitable<void> submit(std::function<void(Transaction&)>& work);
    asio::awaitable<void> submit(std::function<void(Snapshot&)>& query);
};

}  // namespace wabot
