#include "core/messaging/append_queue.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::size_t waiting_max = 20'000;
constexpr std::size_t batch_max = 256;
constexpr std::size_t batch_octets_max = 4 * 1024 * 1024;

struct Waiting {
    inbox::Arrival arrival;
    inbox::Appended appended = inbox::Appended::stale;
    std::exception_ptr failure;
    std::function<void()> resume;  // on the executor of the one that waits
};

using Batch = std::vector<std::shared_ptr<Waiting>>;

}  // namespace

struct AppendQueue::State : std::enable_shared_from_this<AppendQueue::State> {
    explicit State(Database& database) : db(database) {}

    /// True when the caller is to see to it that what waits is written.
    bool push(std::shared_ptr<Waiting> one) {
        const std::lock_guard lock(mutex);
        if (waiting.size() >= waiting_max) throw Error(Errc::unavailable, "too many webhooks wait for the database");
        waiting.push_back(std::move(one));
        return !std::exchange(is_writing, true);
    }

    Batch take() {
        const std::lock_guard lock(mutex);
        Batch batch;
        std::size_t octets = 0;
        while (!waiting.empty() && batch.size() < batch_max && octets < batch_octets_max) {
            octets += waiting.front()->arrival.body.data.size();
            batch.push_back(std::move(waiting.front()));
            waiting.pop_front();
        }
        is_writing = !batch.empty();
        return batch;
    }

    asio::awaitable<void> write_all() {
        const auto self = shared_from_this();
        for (Batch batch = take(); !batch.empty(); batch = take()) {
            const bool is_done = co_await write(batch);
            // One that cannot be stored does not take the others along.
            if (!is_done && batch.size() > 1)
                for (const auto& one : batch) {
                    const Batch alone{one};
                    co_await write(alone);
                }
            for (const auto& one : batch) std::exchange(one->resume, nullptr)();
        }
    }

    /// False when the batch was refused for what is in it.
    asio::awaitable<bool> write(const Batch& batch) {
        std::vector<const inbox::Arrival*> arrivals;
        for (const auto& one : batch) arrivals.push_back(&one->arrival);
        auto append = [&arrivals](Transaction& tx) { return inbox::append_all(tx, arrivals); };
        std::exception_ptr failure;
        bool is_refused = false;
        try {
            const std::vector<inbox::Appended> appended = co_await db.write(append);
            for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->appended = appended[i];
        } catch (const Error& error) {
            failure = std::current_exception();
            is_refused = error.code() != Errc::unavailable;
        } catch (...) {
            failure = std::current_exception();
        }
        for (const auto& one : batch) one->failure = failure;
        co_return !is_refused;
    }

    Database& db;
    std::mutex mutex;
    std::deque<std::shared_ptr<Waiting>> waiting;
    bool is_writing = false;
};

AppendQueue::AppendQueue(Database& db) : state_(std::make_shared<State>(db)) {}
AppendQueue::~AppendQueue() = default;  // what still waits at a hard stop is left as it is: its executor may be gone

asio::awaitable<inbox::Appended> AppendQueue::append(inbox::Arrival arrival) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::any_io_executor tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    const auto one = std::make_shared<Waiting>();
    one->arrival = std::move(arrival);
    auto start = [&](auto handler) {
        const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        one->resume = [kept, tracked] { asio::post(tracked, [kept] { std::move (*kept)(); }); };
        if (state_->push(one)) asio::co_spawn(executor, state_->write_all(), asio::detached);
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    if (one->failure) std::rethrow_exception(one->failure);
    co_return one->appended;
}

}  // namespace wabot
