#include "tests/fakes/unsteady_store.hpp"

#include <boost/asio/co_spawn.hpp>

#include "core/base/error.hpp"
#include "core/database/task_queue.hpp"

namespace wabot::test {

void UnsteadyStore::enqueue(std::unique_ptr<Task> task) {
    const auto executor = task->executor;
    auto passed_on = exit_by_signal(*task);
    asio::co_spawn(executor, std::move(passed_on), [task = std::move(task)](std::exception_ptr failure) mutable {
        task->failure = failure;
        complete(std::move(task));
    });
}

asio::awaitable<void> UnsteadyStore::exit_by_signal(Task& task) {
    if (task.query != nullptr) {
        auto query = [&](Snapshot& db) {
            (*task.query)(db);
            return true;
        };
        co_await store_.read(query);
        co_return;
    }
    Answer answer = Answer::comes;
    const auto look_now = look;  // here: the work is done on another thread
    auto work = [&](Transaction& tx) {
        (*task.work)(tx);
        answer = look_now ? look_now(tx) : Answer::comes;
    };
    co_await store_.write(work);
    if (answer == Answer::comes) co_return;
    ++answers_lost;
    throw Error(Errc::unavailable, "the answer to COMMIT was lost");
}

}  // namespace wabot::test
