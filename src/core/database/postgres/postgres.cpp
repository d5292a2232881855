#include "core/database/postgres/postgres.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "core/base/describe.hpp"
#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/base/log.hpp"
#include "core/database/postgres/postgres_connection.hpp"
#include "core/database/postgres/postgres_url.hpp"
#include "core/database/postgres/postgres_watch.hpp"
#include "core/database/task_queue.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;
using Task = Database::Task;
using Access = PostgresConnection::Access;

constexpr int writers = 4;
constexpr int readers = 2;
constexpr int runs_max = 10;              // of one unit, when transactions are in each other's way
constexpr auto answer_max = 12s;          // a server that is silent for longer is gone; its own limits end a statement after 10
constexpr auto connect_interval = 100ms;  // a server that refused is not asked again before
constexpr auto notify_interval = 5ms;     // between two notifications
constexpr std::int64_t version_min = 130'000;

class PostgresTransaction final : public Transaction {
public:
    PostgresTransaction(PostgresConnection& connection, Time now) : Transaction(now), connection_(connection) {}
    void script(std::string_view sql) override { connection_.script(sql); }

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    std::int64_t change(std::string_view sql, std::span<const Value> arguments) override { return connection_.change(sql, arguments); }
    void change_deferred(std::string_view sql, std::span<const Value> arguments) override { connection_.put(sql, arguments); }
    std::int64_t insert_row(std::string_view sql, std::span<const Value> arguments) override { return connection_.insert_row(sql, arguments); }
    std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) override {
        return connection_.insert_rows(insert, rows);
    }
    void begin_savepoint() override { connection_.begin_savepoint(); }
    void end_savepoint(bool keep) override { connection_.end_savepoint(keep); }
    PostgresConnection& connection_;
};

class PostgresSnapshot final : public Snapshot {
public:
    PostgresSnapshot(PostgresConnection& connection, Time now) : Snapshot(now), connection_(connection) {}

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    PostgresConnection& connection_;
};

/// What a server says of itself, in one question.
struct ServerFacts {
    std::int64_t version_num;
    std::string version;
    std::string encoding;
    std::string fsync;
    std::string synchronous_commit;
    std::string way;  // to it
};

}  // namespace

WABOT_DESCRIBE(ServerFacts, FIELD(version_num), FIELD(version), FIELD(encoding), FIELD(fsync), FIELD(synchronous_commit), FIELD(way))

namespace {

ServerFacts facts_of(PostgresConnection& connection) {
    static constexpr std::string_view sql = R"sql(
        SELECT current_setting('server_version_num')::bigint AS version_num, current_setting('server_version') AS version,
               current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
               current_setting('synchronous_commit') AS synchronous_commit,
               CASE WHEN inet_server_addr() IS NULL THEN 'by socket'
                    WHEN (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) THEN 'TLS' ELSE 'without TLS' END AS way)sql";
    ServerFacts facts = connection.query(sql).one<ServerFacts>();
    if (connection.is_pooled()) facts.way = "behind a pooler";
    return facts;
}

void check_server(const ServerFacts& facts) {
    if (facts.version_num < version_min) throw Error(Errc::invalid, "the PostgreSQL server is version " + facts.version, "wabot needs 13 or newer");
    if (facts.encoding != "UTF8")
        throw Error(Errc::invalid, "the database is not in UTF-8 but " + facts.encoding, "make one with: createdb -E UTF8 -T template0 NAME");
    if (facts.fsync == "off")
        throw Error(Errc::invalid, "the PostgreSQL server runs with fsync=off: it can lose what it has confirmed",
                    "set fsync = on in its postgresql.conf");
    if (facts.synchronous_commit == "off")
        throw Error(Errc::invalid, "the PostgreSQL server runs with synchronous_commit=off: it can lose what it has confirmed",
                    "set synchronous_commit = on in its postgresql.conf, or for this database or user");
}

class PostgresDatabase final : public Database {
public:
    PostgresDatabase(const std::string& url, const Clock& clock, const DatabaseOptions& options)
        : url_(to_libpq_url(url)),
          clock_(clock),
          uses_own_clock_(options.uses_own_clock),
          keeps_nothing_(options.dry_run),
          self_(std::to_string(std::random_device{}())),
          spare_(std::make_unique<PostgresConnection>(url_)),
          facts_(facts_of(*spare_)),
          watch_(url_, self_, spare_->is_pooled()) {
        check_server(facts_);
    }

    ~PostgresDatabase() override { close(); }

    void close() override {
        writes_.close();
        reads_.close();
        {
            const std::lock_guard lock(start_mutex_);
            closing_ = true;
        }
        // Upkeep last: until then it ends the waits of the others.
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        refuse(writes_.take_all(), "the database is closing");
        refuse(reads_.take_all(), "the database is closing");
        {
            const std::lock_guard lock(upkeep_mutex_);
            stopping_ = true;
        }
        upkeep_wanted_.notify_all();
        if (upkeep_.joinable()) upkeep_.join();
        watch_.close();
    }

    std::uint64_t change_count() override { return watch_.count() + commits_.load(); }
    std::string description() override { return "postgresql " + facts_.version.substr(0, facts_.version.find(' ')) + ", fsync=on, " + facts_.way; }
    std::string_view dialect() const override { return "postgres"; }
    std::size_t commits_at_once() const override { return writers; }

    std::vector<std::string> table_names() override {
        const std::lock_guard lock(connect_mutex_);
        if (!spare_ || spare_->is_broken()) spare_ = std::make_unique<PostgresConnection>(url_);
        return spare_->query("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename COLLATE \"C\"")
            .all<std::string>();
    }

    std::optional<std::string> back_up() override { return std::nullopt; }

protected:
    void enqueue(std::unique_ptr<Task> task) override {
        const bool writes = task->work != nullptr;
        if (!(writes ? writes_ : reads_).push(task)) return refuse(std::move(task), "the database is overloaded or closing");
        start_threads(writes);
    }

private:
    /// A connection that one thread uses and upkeep may end.
    struct Slot {
        std::mutex mutex;
        std::unique_ptr<PostgresConnection> connection;
    };

    // Threads, and their connections, are made when first needed: a command that reads one list needs one.
    void start_threads(bool writes) {
        const std::lock_guard lock(start_mutex_);
        if (closing_) return;
        if (!upkeep_.joinable()) upkeep_ = std::thread([this] { look_after_until_closed(); });
        auto& started = writes ? writers_started_ : readers_started_;
        if (started == (writes ? writers : readers)) return;
        if (started > 0 && (writes ? writes_ : reads_).has_idle()) return;
        ++started;
        Slot& slot = *slots_.emplace_back(std::make_unique<Slot>());
        threads_.emplace_back([this, writes, &slot] { writes ? work_until_closed(writes_, slot) : work_until_closed(reads_, slot); });
    }

    void work_until_closed(TaskQueue& queue, Slot& slot) {
        bool has_news = false;  // that are not notified yet
        while (queue.wait(has_news ? notify_interval : std::chrono::milliseconds::max())) {
            if (auto task = queue.take()) {
                task->failure = run(slot, *task);
                has_news = has_news || (task->work != nullptr && !task->failure && !keeps_nothing_);
                complete(std::move(task));
            }
            if (!has_news || !may_tell()) continue;
            tell_others(slot);
            has_news = false;
        }
        if (has_news) tell_others(slot);
    }

    /// Runs the unit until its end is known, and says what it threw.
    std::exception_ptr run(Slot& slot, Task& task) {
        for (int run = 1;; ++run) {
            bool has_committed = false;
            try {
                connect(slot);
                run_once(*slot.connection, task, has_committed);
                return nullptr;
            } catch (...) {
                const std::exception_ptr failure = std::current_exception();
                const bool was_in_the_way = slot.connection && slot.connection->wants_another_run();
                const bool broke = slot.connection && slot.connection->is_broken();
                roll_back(slot);
                // Before COMMIT was said nothing is written, whatever became of the connection.
                const bool may_run_again = was_in_the_way || (broke && !has_committed && run == 1);
                if (!may_run_again || run == runs_max) return failure;
                if (was_in_the_way)
                    std::this_thread::sleep_for(std::chrono::microseconds(std::random_device{}() % 2'000 * static_cast<unsigned>(run)));
            }
        }
    }

    void run_once(PostgresConnection& connection, Task& task, bool& has_committed) {
        const Time server_time = connection.begin(task.work != nullptr ? Access::write : Access::read, server_clock_);
        const Time now = uses_own_clock_ ? clock_.now() : server_time;
        if (task.query != nullptr) {
            PostgresSnapshot snapshot(connection, now);
            (*task.query)(snapshot);
            return connection.rollback();
        }
        PostgresTransaction transaction(connection, now);
        (*task.work)(transaction);
        // A COMMIT of a transaction with a failed statement is a silent ROLLBACK.
        if (connection.is_aborted()) throw Error(Errc::bug, "a unit went on after a statement that failed");
        if (keeps_nothing_) return connection.rehearse();
        WABOT_FAULT("commit.before");
        has_committed = true;
        connection.commit();
        WABOT_FAULT("commit.after");
        commits_.fetch_add(1);
    }

    static void drop(Slot& slot) {
        const std::lock_guard lock(slot.mutex);
        slot.connection.reset();
    }

    static void roll_back(Slot& slot) {
        if (!slot.connection) return;
        try {
            if (!slot.connection->is_broken()) return slot.connection->rollback();
        } catch (const Error&) {
            // As good as broken.
        }
        drop(slot);
    }

    void connect(Slot& slot) {
        if (slot.connection) return;
        const std::lock_guard lock(connect_mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (refusal_ && now - refused_at_ < connect_interval) std::rethrow_exception(refusal_);
        try {
            auto connection = std::exchange(spare_, nullptr);
            if (!connection) connection = std::make_unique<PostgresConnection>(url_);
            if (keeps_nothing_) connection->refuse_commits();
            const std::lock_guard slot_lock(slot.mutex);
            slot.connection = std::move(connection);
            refusal_ = nullptr;
        } catch (const Error& error) {
            // A server that accepted us before may do so again, whatever it answers now: running work waits for it.
            refusal_ = std::make_exception_ptr(Error(Errc::unavailable, error.what(), error.hint()));
            refused_at_ = std::chrono::steady_clock::now();
            std::rethrow_exception(refusal_);
        }
    }

    /// This thread, now: it happens once in `notify_interval`.
    bool may_tell() {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        auto told = notified_at_.load();
        return now - std::chrono::steady_clock::duration(told) >= notify_interval && notified_at_.compare_exchange_strong(told, now.count());
    }

    /// Wakes those of other processes who look for work. After the commit and not within it: a transaction that notifies holds a lock of the whole
    /// server while it commits, and no two of them could share a sync. Where it cannot be said they look by themselves.
    void tell_others(Slot& slot) {
        try {
            if (slot.connection)
                slot.connection->ask("BEGIN; SET LOCAL synchronous_commit = off; SELECT pg_notify('" + std::string(postgres_channel) + "', '" +
                                     self_ + "'); COMMIT");
        } catch (const Error&) {
            drop(slot);
        }
    }

    /// Refuses what has waited for too long, and ends connections on which nothing has come back for too long.
    void look_after_until_closed() {
        std::unique_lock lock(upkeep_mutex_);
        while (!stopping_) {
            upkeep_wanted_.wait_for(lock, 500ms);
            lock.unlock();
            const auto limit = std::chrono::steady_clock::now() - task_wait_max;
            refuse(writes_.take_overdue(limit), "the database is too slow");
            refuse(reads_.take_overdue(limit), "the database is too slow");
            cut_silent();
            lock.lock();
        }
    }

    void cut_silent() {
        const std::lock_guard lock(start_mutex_);
        for (const auto& slot : slots_) {
            const std::lock_guard slot_lock(slot->mutex);
            if (slot->connection && slot->connection->busy_for() > answer_max) slot->connection->cut();
        }
    }

    const std::string url_;
    const Clock& clock_;
    const bool uses_own_clock_;
    const bool keeps_nothing_;
    const std::string self_;
    ServerClock server_clock_;
    std::unique_ptr<PostgresConnection> spare_;  // the first one, until a thread takes it over; under connect_mutex_
    const ServerFacts facts_;
    PostgresWatch watch_;

    TaskQueue writes_;
    TaskQueue reads_;
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::int64_t> notified_at_{0};

    std::mutex connect_mutex_;
    std::exception_ptr refusal_;
    std::chrono::steady_clock::time_point refused_at_;

    std::mutex start_mutex_;
    bool closing_ = false;
    int writers_started_ = 0;
    int readers_started_ = 0;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<std::thread> threads_;
    std::thread upkeep_;

    std::mutex upkeep_mutex_;
    std::condition_variable upkeep_wanted_;
    bool stopping_ = false;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const std::string& url, const Clock& clock, const DatabaseOptions& options) {
    return std::make_unique<PostgresDatabase>(url, clock, options);
}

}  // namespace wabot
