#include "core/inbox/append_queue.hpp"

#include <algorithm>
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
#include "core/database/database_fault.hpp"

namespace wabot {

namespace {

constexpr std::chrono::seconds wait_max{5};  // whose turn comes later has given up on the answer, and would only send the same again
constexpr std::size_t batch_max = 256;
constexpr std::size_t batch_bytes_max = 4 * 1024 * 1024;

struct Waiting {
    inbox::Arrival arrival;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    inbox::Appended appended = inbox::Appended::stale;
    std::exception_ptr failure;
    asio::any_io_executor executor;  // of the one that waits; counts as work of its context
    std::function<void()> resume;    // to be called there
};

using Batch = std::vector<std::shared_ptr<Waiting>>;

/// With one post for each executor.
void resume(Batch batch) {
    while (!batch.empty()) {
        const asio::any_io_executor executor = batch.back()->executor;
        const auto others = std::ranges::stable_partition(batch, [&](const auto& one) { return one->executor != executor; });
        asio::post(executor, [mine = Batch(others.begin(), others.end())] {
            for (const auto& one : mine) std::exchange(one->resume, nullptr)();
        });
        batch.erase(others.begin(), others.end());
    }
}

/// Each its own: they are thrown on several threads.
void fail(const Batch& batch, const Error& error) {
    for (const auto& one : batch) one->failure = std::make_exception_ptr(Error(error.code(), error.what(), error.hint()));
}

Error too_many() {
    return {Errc::unavailable, "too many webhooks wait for the database"};
}

}  // namespace

struct AppendQueue::State : std::enable_shared_from_this<AppendQueue::State> {
    explicit State(Database& database) : db(database), under_way_max(std::min<std::size_t>(database.commits_at_once(), 2)) {}

    /// Error{unavailable} when no more should wait.
    void admit() {
        const std::lock_guard lock(mutex);
        const bool is_behind = !waiting.empty() && std::chrono::steady_clock::now() - waiting.front()->since > line_wait_max;
        if (is_behind || waiting.size() >= waiting_max) throw too_many();
    }

    void push(std::shared_ptr<Waiting> one) {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(one));
    }

    /// Writes what waits, when it is its turn.
    void start(const asio::any_io_executor& executor) {
        Batch late;
        if (Batch batch = take(late); !batch.empty()) asio::co_spawn(executor, write(executor, std::move(batch)), asio::detached);
        fail(late, too_many());
        resume(std::move(late));
    }

    /// The next batch, or none; `late` are those who have waited too long for it.
    Batch take(Batch& late) {
        const std::lock_guard lock(mutex);
        Batch batch;
        // Beside one that commits only as large a one pays: each costs the database the same, whatever is in it.
        if (is_inserting || under_way == under_way_max || (under_way > 0 && waiting.size() < last_size)) return batch;
        const auto oldest = std::chrono::steady_clock::now() - wait_max;
        for (; !waiting.empty() && waiting.front()->since < oldest; waiting.pop_front()) late.push_back(std::move(waiting.front()));
        std::size_t bytes = 0;
        while (!waiting.empty() && batch.size() < batch_max && bytes < batch_bytes_max) {
            bytes += waiting.front()->arrival.body.data.size();
            batch.push_back(std::move(waiting.front()));
            waiting.pop_front();
        }
        if (batch.empty()) return batch;
        is_inserting = true;
        ++under_way;
        last_size = batch.size();
        return batch;
    }

    void note_inserted() {
        const std::lock_guard lock(mutex);
        is_inserting = false;
    }

    void note_failure(std::optional<Error> error) {
        const std::lock_guard lock(mutex);
        failure = std::move(error);
        if (failure) failed_at = std::chrono::steady_clock::now();
    }

    void note_done() {
        const std::lock_guard lock(mutex);
        is_inserting = false;
        --under_way;
    }

    asio::awaitable<void> write(asio::any_io_executor executor, Batch batch) {
        const auto self = shared_from_this();
        const bool is_done = co_await insert(executor, batch);
        // One that cannot be stored does not take the others along.
        if (!is_done && batch.size() > 1)
            for (const auto& one : batch) {
                const Batch alone{one};
                co_await insert(executor, alone);
            }
        note_done();
        resume(std::move(batch));
        start(executor);
    }

    /// False when the batch was refused for what is in it.
    asio::awaitable<bool> insert(const asio::any_io_executor& executor, const Batch& batch) {
        std::vector<const inbox::Arrival*> inbox_reader;
        for (const auto& one : batch) inbox_reader.push_back(&one->arrival);
        auto append = [&](Transaction& tx) {
            auto appended = inbox::append_all(tx, inbox_reader);
            // While this one is on its way to the disk the next may be inserted.
            note_inserted();
            start(executor);
            return appended;
        };
        bool is_refused = false;
        try {
            const std::vector<inbox::Appended> appended = co_await db.write(append);
            note_failure(std::nullopt);
            for (std::size_t i = 0; i < batch.size(); ++i) {
                batch[i]->appended = appended[i];
                batch[i]->failure = nullptr;
            }
        } catch (const Error& error) {
            // A missing right or table is the store's fault, and no refusal of the sender, who is to come again.
            const bool is_refusal = !is_of_store(error);
            fail(batch, is_refusal ? error : Error(Errc::unavailable, error.what(), error.hint()));
            is_refused = is_refusal;
            if (!is_refusal) note_failure(error);
        } catch (const std::exception& error) {
            fail(batch, Error(Errc::bug, error.what()));
        }
        co_return !is_refused;
    }

    Database& db;
    const std::size_t under_way_max;  // batches: one is inserted while another is on its way to the disk
    std::mutex mutex;
    std::deque<std::shared_ptr<Waiting>> waiting;
    std::size_t under_way = 0;
    std::size_t last_size = 0;
    bool is_inserting = false;
    std::optional<Error> failure;  // of the last batch
    std::chrono::steady_clock::time_point failed_at;
};

AppendQueue::AppendQueue(Database& db) : state_(std::make_shared<State>(db)) {}
AppendQueue::~AppendQueue() = default;  // what still waits at a hard stop is left as it is: its executor may be gone

std::optional<Error> AppendQueue::recent_failure() const {
    constexpr std::chrono::seconds memory{10};
    const std::lock_guard lock(state_->mutex);
    const bool is_recent = std::chrono::steady_clock::now() - state_->failed_at < memory;
    return is_recent ? state_->failure : std::nullopt;
}

asio::awaitable<inbox::Appended> AppendQueue::append(inbox::Arrival arrival) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    state_->admit();  // here: nothing may throw out of what initiates a wait
    const auto one = std::make_shared<Waiting>();
    one->arrival = std::move(arrival);
    one->executor = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto start = [&](auto handler) {
        const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        one->resume = [kept] { std::move (*kept)(); };
        state_->push(one);
        state_->start(executor);
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    if (one->failure) std::rethrow_exception(one->failure);
    co_return one->appended;
}

}  // namespace wabot
