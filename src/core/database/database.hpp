#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/describe.hpp"

namespace wabot {

/// The answer of a query. Its rows are moved out once, as described structs or as single values.
class Rows {
public:
    std::shared_ptr<const std::vector<std::string>> columns;  // their names, shared with the statement
    std::vector<std::vector<Value>> cells;

    std::size_t size() const { return cells.size(); }
    bool empty() const { return cells.empty(); }

    /// Every row. A described struct takes the columns of its fields' names (`x_enc`, `x_hash`, `x_last4` for a sealed one; a field without a
    /// column keeps its default), any other type the only column.
    template <class T>
    std::vector<T> all() && {
        std::vector<T> out;
        out.reserve(cells.size());
        for (std::size_t i = 0; i < cells.size(); ++i) out.push_back(take<T>(i));
        return out;
    }

    /// The first row, or nothing.
    template <class T>
    std::optional<T> first() && {
        if (cells.empty()) return std::nullopt;
        return take<T>(0);
    }

    /// The only row; Error{bug} when there is none or more than one.
    template <class T>
    T one() && {
        expect_one();
        return take<T>(0);
    }

private:
    template <class T>
    T take(std::size_t row) {
        T out{};
        if constexpr (Described<T>)
            take_row(row, fields_of<T>, &out);
        else
            Codec<T>::take(out, take_cell(row));
        return out;
    }
    void take_row(std::size_t row, std::span<const Field> fields, void* object);
    Value take_cell(std::size_t row);
    void expect_one() const;

    struct Slot {
        const Field* field;
        int column[3];  // one, or the three of a sealed field; -1 = absent
    };
    std::vector<Slot> slots_;  // found with the first row
};

/// A consistent view of the database for reading. Blocking: used inside `Database::read` and `write` only.
class Snapshot {
public:
    virtual ~Snapshot() = default;

    /// Runs one statement with `$1`... bound in order. SQL that both engines run; `{skip_locked}` and `{for_update}` stand for
    /// the engine's own words.
    template <class... A>
    Rows query(std::string_view sql, const A&... arguments) {
        const Value values[] = {to_value(arguments)..., Value{}};
        return run(sql, std::span(values, sizeof...(A)));
    }

    /// `query` with as many arguments as the statement was made for.
    Rows query_with(std::string_view sql, std::span<const Value> arguments) { return run(sql, arguments); }

    /// The database's clock, read once when the unit began: for leases and due times.
    Time now() const { return now_; }

protected:
    explicit Snapshot(Time now) : now_(now) {}
    virtual Rows run(std::string_view sql, std::span<const Value> arguments) = 0;

private:
    Time now_;
};

/// A statement that inserts as many rows as there are. Values that no row brings come from the table's defaults.
struct InsertMany {
    struct Column {
        std::string_view name;
        Kind kind;  // of its values; null is of any kind
    };
    std::string_view table;
    std::span<const Column> columns;
    std::string_view on_conflict;  // "ON CONFLICT (name) DO NOTHING"; may be empty
};

/// One unit of writing; commits with the others of its batch, rolls back alone.
class Transaction : public Snapshot {
public:
    /// Like `query` for a statement that answers no rows: how many rows it changed. A broken unique constraint is Error{conflict}, any other
    /// broken constraint Error{invalid}.
    template <class... A>
    std::int64_t execute(std::string_view sql, const A&... arguments) {
        const Value values[] = {to_value(arguments)..., Value{}};
        return change(sql, std::span(values, sizeof...(A)));
    }

    /// Like `execute`, where nobody waits for the outcome: it may go to the database together with what comes next. A failure is the unit's.
    template <class... A>
    void put(std::string_view sql, const A&... arguments) {
        const Value values[] = {to_value(arguments)..., Value{}};
        change_unheard(sql, std::span(values, sizeof...(A)));
    }

    /// Inserts many rows, each with a value for every column, and says how many: those that ON CONFLICT DO NOTHING leaves out are not counted.
    std::int64_t insert_all(const InsertMany& insert, std::span<const std::vector<Value>> rows) {
        return rows.empty() ? 0 : insert_rows(insert, rows);
    }

    /// Inserts one row into a table with an `id`, which it gives; nullopt when ON CONFLICT DO NOTHING left the row out. Without RETURNING, for which
    /// some engines build a table.
    template <class RowId, class... A>
    std::optional<RowId> insert(std::string_view sql, const A&... arguments) {
        const Value values[] = {to_value(arguments)..., Value{}};
        const std::int64_t id = insert_row(sql, std::span(values, sizeof...(A)));
        return id == 0 ? std::nullopt : std::optional(RowId{id});
    }

    /// Runs `part`; when it throws, what it wrote is rolled back, the unit may go on, and the exception passes.
    template <class Part>
    void savepoint(Part part) {
        begin_savepoint();
        try {
            part();
        } catch (...) {
            end_savepoint(false);
            throw;
        }
        end_savepoint(true);
    }

    /// Runs several statements without arguments: a migration.
    virtual void script(std::string_view sql) = 0;

protected:
    using Snapshot::Snapshot;
    virtual std::int64_t change(std::string_view sql, std::span<const Value> arguments) = 0;
    virtual void change_unheard(std::string_view sql, std::span<const Value> arguments) { change(sql, arguments); }
    virtual std::int64_t insert_row(std::string_view sql, std::span<const Value> arguments) = 0;
    virtual std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) = 0;
    virtual void begin_savepoint() = 0;
    virtual void end_savepoint(bool keep) = 0;
};

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
        std::optional<std::invoke_result_t<Query&, Snapshot&>> result;
        std::function<void(Snapshot&)> call = [&result, &query](Snapshot& snapshot) { result.emplace(query(snapshot)); };
        co_await submit(call);
        co_return std::move(*result);
    }

    /// Grows with every commit of this process and, within 50 ms, of others: when it stands still there is nothing new to look for.
    virtual std::uint64_t change_count() = 0;
    /// "sqlite 3.40.1, WAL, synchronous=FULL": for doctor and start-up.
    virtual std::string description() = 0;
    /// The migrations' dialect: "sqlite", "postgres".
    virtual std::string_view dialect() const = 0;
    /// How many commits can be on their way to the disk beside each other.
    virtual std::size_t commits_at_once() const { return 1; }
    /// The tables of the store, whoever made them. Blocking.
    virtual std::vector<std::string> table_names() = 0;
    /// Makes a consistent copy beside the store and says where; nullopt where the engine has its own tools for that. Blocking.
    virtual std::optional<std::string> back_up() = 0;
    /// Finishes what was submitted, refuses the rest with Error{unavailable}. Called once.
    virtual void close() = 0;

    /// A piece of work on its way to a database thread and back.
    struct Unit;

protected:
    virtual void enqueue(std::unique_ptr<Unit> unit) = 0;

private:
    asio::awaitable<void> submit(std::unique_ptr<Unit> unit);
    asio::awaitable<void> submit(std::function<void(Transaction&)>& work);
    asio::awaitable<void> submit(std::function<void(Snapshot&)>& query);
};

struct DatabaseOptions {
    bool create = false;          // make the file when it is not there
    std::size_t batch_max = 256;  // units that share a COMMIT; 1 for measurements
    bool uses_own_clock = false;  // `now()` is the clock given here and not the server's: for tests
};

/// Opens the store that `url` names: `sqlite:///relative`, `sqlite:////absolute`, `postgresql://...`. Error{invalid} for an unknown form,
/// Error{not_found} when the store is not there and may not be made, Error{unavailable} when it cannot be opened. Does not look at the schema:
/// migrations.hpp does.
std::unique_ptr<Database> open_database(const std::string& url, const Clock& clock, DatabaseOptions options = {});

/// Runs a coroutine to its end on this thread: how the terminal uses the calls above.
template <class T>
T blocking(asio::awaitable<T> work);

}  // namespace wabot

#include "core/database/blocking.ipp"
