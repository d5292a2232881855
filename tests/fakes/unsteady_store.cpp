#include "tests/fakes/unsteady_store.hpp"

#include <boost/asio/co_spawn.hpp>

#include "core/base/error.hpp"
#include "core/database/task_queue.hpp"

namespace wabot::test {

void UnsteadyStore::enqueue(std::unique_ptr<Task> unit) {
    const auto executor = unit->executor;
    auto passed_on = exit_by_signal(*unit);
    asio::co_spawn(executor, std::move(passed_on), [unit = std::move(unit)](std::exception_ptr failure) mutable {
        unit->failure = failure;
        complete(std::move(unit));
    });
}

asio::awaitable<void> UnsteadyStore::exit_by_signal(Task& unit) {
    if (unit.query != nullptr) {
        auto query = [&](Snapshot& db) {
            (*unit.query)(db);
            return true;
        };
        co_await store_.read(query);
        co_return;
    }
    Answer answer = Answer::comes;
    const auto look_now = look;  // here: the work is done on another thread
    auto work = [&](Transaction& tx) {
        (*unit.work)(tx);
        answer = look_now ? look_now(tx) : Answer::comes;
    };
    co_await store_.write(work);
    if (answer == Answer::comes) co_return;
    ++answers_lost;
    throw Error(Errc::unavailable, "the answer to COMMIT was lost");
}

}  // namespace wabot::test
