#include "core/database/database.hpp"
#include "core/database/open_database.hpp"
#include "core/database/wait.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/blocking.hpp"
#include "core/base/error.hpp"
#include "core/database/postgres/postgres.hpp"
#include "core/database/postgres/postgres_url.hpp"
#include "core/database/sqlite/sqlite.hpp"
#include "core/database/task.hpp"

namespace wabot {

namespace {

template <class Handler>
struct CoroutineWaiter final : Database::Task::Waiter {
    explicit CoroutineWaiter(Handler h) : handler(std::move(h)) {}
    void resume(std::exception_ptr failure) override { std::move(handler)(std::move(failure)); }
    Handler handler;
};

}  // namespace

void complete(std::vector<std::unique_ptr<Database::Task>> tasks) {
    while (!tasks.empty()) {
        const asio::any_io_executor executor = tasks.back()->executor;
        const auto others = std::stable_partition(tasks.begin(), tasks.end(), [&](const auto& task) { return task->executor != executor; });
        std::vector<std::unique_ptr<Database::Task>> mine(std::make_move_iterator(others), std::make_move_iterator(tasks.end()));
        tasks.erase(others, tasks.end());
        asio::post(executor, [mine = std::move(mine)] {
            for (const auto& task : mine) task->waiter->resume(std::move(task->failure));
        });
    }
}

asio::awaitable<void> Database::submit(std::function<void(Transaction&)>& work) {
    auto task = std::make_unique<Task>();
    task->work = &work;
    return submit(std::move(task));
}

asio::awaitable<void> Database::submit(std::function<void(Snapshot&)>& query) {
    auto task = std::make_unique<Task>();
    task->query = &query;
    return submit(std::move(task));
}

asio::awaitable<void> Database::submit(std::unique_ptr<Task> task) {
    const auto executor = co_await asio::this_coro::executor;
    task->executor = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto start = [this, &task](auto handler) {
        task->waiter = std::make_unique<CoroutineWaiter<decltype(handler)>>(std::move(handler));
        enqueue(std::move(task));
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
}

void Rows::take_row(std::size_t row, std::span<const Field> fields, void* object) {
    if (slots_.empty()) {
        const auto column_of = [&](std::string_view name, std::string_view suffix = {}) {
            const auto is_it = [&](const std::string& column) {
                return column.size() == name.size() + suffix.size() && column.starts_with(name) && column.ends_with(suffix);
            };
            const auto found = std::find_if(columns->begin(), columns->end(), is_it);
            return found == columns->end() ? -1 : static_cast<int>(found - columns->begin());
        };
        slots_.reserve(fields.size());
        for (const Field& field : fields) {
            if (field.kind == Kind::sealed)
                slots_.push_back({&field, {column_of(field.name, "_enc"), column_of(field.name, "_hash"), column_of(field.name, "_last4")}});
            else
                slots_.push_back({&field, {column_of(field.name), -1, -1}});
        }
    }
    auto& values = cells[row];
    const auto cell = [&](int column) { return std::move(values[static_cast<std::size_t>(column)]); };
    for (const Slot& slot : slots_) {
        if (slot.column[0] < 0) continue;
        if (slot.field->kind != Kind::sealed) {
            slot.field->set(object, cell(slot.column[0]));
            continue;
        }
        Value enc = cell(slot.column[0]);
        if (std::holds_alternative<std::monostate>(enc)) {
            if (slot.field->nullable) slot.field->set(object, Value{});
            continue;
        }
        Sealed sealed;
        Codec<Bytes>::take(sealed.enc, std::move(enc));
        if (slot.column[1] >= 0) Codec<Bytes>::take(sealed.hash, cell(slot.column[1]));
        if (slot.column[2] >= 0) Codec<std::string>::take(sealed.last4, cell(slot.column[2]));
        slot.field->set(object, std::move(sealed));
    }
}

Value Rows::take_cell(std::size_t row) {
    if (columns->size() != 1) throw Error(Errc::bug, "a single value was expected of a query with " + std::to_string(columns->size()) + " columns");
    return std::move(cells[row][0]);
}

void Rows::expect_one() const {
    if (cells.size() != 1) throw Error(Errc::bug, "one row was expected, not " + std::to_string(cells.size()));
}

std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock, DatabaseOptions options) {
    static constexpr std::string_view sqlite = "sqlite:///";
    if (url.starts_with(sqlite) && url.size() > sqlite.size()) return open_sqlite(url.substr(sqlite.size()), clock, options);
    if (is_postgres_url(url)) return open_postgres(url, clock, options);
    const std::string scheme = url.substr(0, url.find(':'));
    throw Error(Errc::invalid, "a database of the form \"" + scheme + ":\" is not known",
                "set DATABASE_URL to sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user@host/name");
}

void run_and_wait(Database& db, const std::function<void(Transaction&)>& work) {
    const auto run = [&work](Transaction& tx) { work(tx); };
    run_to_end(db.write(run));
}

void query_and_wait(Database& db, const std::function<void(Snapshot&)>& query) {
    const auto run = [&query](Snapshot& snapshot) { query(snapshot); };
    run_to_end(db.read(run));
}

}  // namespace wabot
