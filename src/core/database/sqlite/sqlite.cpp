#include "core/database/sqlite/sqlite.hpp"
#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/base/folder_owner.hpp"
#include "core/base/log.hpp"
#include "core/database/database_fault.hpp"
#include "core/database/sqlite/file_lock.hpp"
#include "core/database/sqlite/sqlite_connection.hpp"
#include "core/database/task_queue.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;
using Task = Database::Task;

constexpr auto batch_time_max = 10ms;
constexpr int checkpoint_pages = 1'000;      // 4 MiB of log: time for a checkpoint beside the writer, and then to begin the log anew
constexpr auto checkpoint_interval = 200ms;  // between two, when a reader keeps the log from beginning anew
constexpr auto look_around = 50ms;           // how often commits of other processes are looked for
constexpr int readers_max = 2;

class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(SqliteConnection& connection, Time now) : Transaction(now), connection_(connection) {}
    void script(std::string_view sql) override { connection_.script(sql); }

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    std::int64_t change(std::string_view sql, std::span<const Value> arguments) override {
        expect_transaction();
        return connection_.change(sql, arguments);
    }
    std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) override {
        return connection_.insert_rows(insert, rows);
    }
    std::int64_t insert_row(std::string_view sql, std::span<const Value> arguments) override {
        return change(sql, arguments) == 0 ? 0 : connection_.last_insert_id();
    }
    void begin_savepoint() override {
        expect_transaction();
        connection_.change("SAVEPOINT part");
    }
    void end_savepoint(bool keep) override {
        expect_transaction();
        if (!keep) connection_.change("ROLLBACK TO part");
        connection_.change("RELEASE part");
    }
    /// A full disk or an I/O error rolls everything back: what follows must not be written by itself.
    void expect_transaction() const {
        if (!connection_.in_transaction()) throw Error(Errc::unavailable, "the database rolled back");
    }
    SqliteConnection& connection_;
};

class SqliteSnapshot final : public Snapshot {
public:
    SqliteSnapshot(SqliteConnection& connection, Time now) : Snapshot(now), connection_(connection) {}

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    SqliteConnection& connection_;
};

/// Which file a name stands for.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;  // 0: no file

    bool operator==(const FileIdentity&) const = default;
};

/// nullopt when it cannot be known, as without the right to search the folder.
std::optional<FileIdentity> identity_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return FileIdentity{info.st_dev, info.st_ino};
    return errno == ENOENT || errno == ENOTDIR ? std::optional(FileIdentity{}) : std::nullopt;
}

/// `path`, when the store is there or may be made: before its lock is.
std::string found(std::string path, const DatabaseOptions& options) {
    std::error_code unknown;  // whether it is there, to a user who may not look: who opens it is told so
    if (options.create || std::filesystem::exists(path, unknown) || unknown) return path;
    throw Error(Errc::not_found, "there is no database " + path,
                "create one with: wabot init; serve and worker read settings from -c, WABOT_CONFIG and /etc/wabot, not from this folder");
}

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::string path, const Clock& clock, const DatabaseOptions& options)
        : path_(found(std::move(path), options)),
          clock_(clock),
          batch_max_(options.batch_max),
          keeps_nothing_(options.dry_run),
          write_lock_(path_ + ".lock") {
        spare_ = std::make_unique<SqliteConnection>(path_, options.create);
        opened_ = identity_of(path_);
    }

    ~SqliteDatabase() override { close(); }

    void close() override {
        writes_.close();
        reads_.close();
        {
            const std::lock_guard lock(maintenance_mutex_);
            stopping_ = true;
        }
        maintenance_wanted_.notify_all();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        spare_.reset();
    }

    std::uint64_t change_count() override {
        const std::lock_guard lock(look_mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (!look_ || now - looked_at_ >= look_around) {
            if (!look_) expect_in_place();
            if (!look_) look_ = std::make_unique<SqliteConnection>(path_, false);
            others_ = static_cast<std::uint64_t>(look_->query("PRAGMA data_version").one<std::int64_t>());
            looked_at_ = now;
        }
        return others_ + commits_.load();
    }

    std::string description() override { return std::string("sqlite ") + sqlite3_libversion() + ", WAL, synchronous=FULL"; }
    std::string_view dialect() const override { return "sqlite"; }

    std::vector<std::string> table_names() override {
        auto list = [](Snapshot& db) {
            return db.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all<std::string>();
        };
        return blocking(read(list));
    }

    std::optional<std::string> back_up() override {
        std::string stamp = to_iso(clock_.now());
        std::erase(stamp, ':');
        const std::string copy = path_ + "." + stamp + ".bak";
        const FileLock lock(write_lock_);
        SqliteConnection connection(path_, false);
        const Value arguments[] = {copy};
        connection.change("VACUUM INTO $1", arguments);
        std::filesystem::permissions(copy, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        give_to_folder_owner(copy);
        return copy;
    }

protected:
    void enqueue(std::unique_ptr<Task> task) override {
        const bool writes = task->work != nullptr;
        start_threads(writes);
        if ((writes ? writes_ : reads_).push(task)) return;
        if (!writes) --reads_open_;
        refuse(std::move(task), "the database is overloaded or closing");
    }

private:
    // Threads are made when first needed: a command that reads one list needs one.
    void start_threads(bool writes) {
        const std::lock_guard lock(start_mutex_);
        if (writes && !writer_started_) {
            writer_started_ = true;
            threads_.emplace_back([this] { write_until_closed(); });
            threads_.emplace_back([this] { maintain_until_closed(); });
        }
        if (!writes && ++reads_open_ > readers_started_ && readers_started_ < readers_max) {
            ++readers_started_;
            threads_.emplace_back([this] { read_until_closed(); });
        }
    }

    /// What is committed from now on is in a file without a name, and gone with this process.
    void note_moved() {
        if (!has_moved_.exchange(true)) log::error("the database file was replaced or removed; nothing is stored any more", {{"file", path_}});
    }

    bool is_in_place() {
        const auto there = identity_of(path_);
        if (opened_ && opened_->inode != 0 && there && *there != *opened_) note_moved();
        return !has_moved_.load();
    }

    /// A file that was put in the store's place is not opened beside the old one: their logs would mix.
    void expect_in_place() {
        if (!is_in_place())
            throw Error(Errc::unavailable, "the file " + path_ + " was replaced or removed while it was in use; nothing is stored any more",
                        "stop wabot; move " + path_ + "-wal and -shm away; put the copy in place; start wabot again");
    }

    /// The connection with which the store was opened, to its first user, and then a new one each time.
    std::unique_ptr<SqliteConnection> connect() {
        expect_in_place();
        {
            const std::lock_guard lock(start_mutex_);
            if (spare_) return std::move(spare_);
        }
        return std::make_unique<SqliteConnection>(path_, false);
    }

    void read_until_closed() {
        std::unique_ptr<SqliteConnection> connection;
        while (reads_.wait()) {
            auto task = reads_.take();
            if (!task) continue;
            try {
                if (connection && connection->is_frozen()) connection.reset();  // it may have a writer by now
                if (!connection) connection = connect();
                connection->change("BEGIN");
                SqliteSnapshot snapshot(*connection, clock_.now());
                (*task->query)(snapshot);
                connection->change("COMMIT");
            } catch (...) {
                task->failure = std::current_exception();
                reopen_if_broken(connection);
            }
            --reads_open_;
            complete(std::move(task));
        }
    }

    void write_until_closed() {
        std::unique_ptr<SqliteConnection> connection;
        while (writes_.wait()) {
            Tasks batch;
            try {
                // The lock first, then the units: a task that waits too long for it can still be refused.
                expect_in_place();
                const FileLock lock(write_lock_);
                if (!connection) connection = open_writer();
                run_batch(*connection, batch);
            } catch (const std::exception& error) {
                // Nothing of the batch is known to be durable; with an empty one the store itself cannot be written.
                if (batch.empty()) batch = writes_.take_all();
                for (auto& task : batch) task->failure = std::make_exception_ptr(not_committed(error));
                connection.reset();
            }
            complete(std::move(batch));
            try {
                if (connection) look_after_log(*connection);
            } catch (const Error& error) {
                log::warning("write-ahead log not restarted", {{"error", error.what()}});
            }
        }
    }

    static StoreFault not_committed(const std::exception& error) {
        const auto* ours = dynamic_cast<const Error*>(&error);
        return {ours != nullptr && ours->code() == Errc::denied ? Errc::denied : Errc::unavailable, std::string("not committed: ") + error.what(),
                ours == nullptr ? "" : ours->hint()};
    }

    std::unique_ptr<SqliteConnection> open_writer() {
        auto connection = connect();
        if (keeps_nothing_) connection->refuse_commits();
        return connection;
    }

    /// One transaction over the units that wait. Savepoints cost a copy of each page that a unit touches, and hardly a unit fails: so there are
    /// none, and when one does fail, the batch is run again with them. Throws when the COMMIT fails.
    void run_batch(SqliteConnection& connection, Tasks& batch) {
        const auto began = std::chrono::steady_clock::now();
        connection.change("BEGIN IMMEDIATE");
        SqliteTransaction transaction(connection, clock_.now());
        bool is_whole = true;
        while (is_whole && batch.size() < batch_max_ && std::chrono::steady_clock::now() - began < batch_time_max) {
            auto task = writes_.take();
            if (!task) break;
            batch.push_back(std::move(task));
            is_whole = run_task(connection, transaction, *batch.back());
        }
        if (!is_whole) run_apart(connection, transaction, batch);
        if (keeps_nothing_) {
            connection.change("ROLLBACK");
            return;
        }
        WABOT_FAULT("commit.before");
        connection.change("COMMIT");
        if (connection.has_moved()) note_moved();
        expect_in_place();
        WABOT_FAULT("commit.after");
        commits_.fetch_add(1);
    }

    /// False when it threw.
    static bool run_task(SqliteConnection& connection, SqliteTransaction& transaction, Task& task) {
        try {
            task.failure = nullptr;
            (*task.work)(transaction);
            return true;
        } catch (...) {
            task.failure = std::current_exception();
            if (!connection.in_transaction()) throw;  // a full disk or an I/O error took the whole batch along
            return false;
        }
    }

    /// Begins again, so that what the failed unit wrote is gone; each that throws is rolled back alone.
    static void run_apart(SqliteConnection& connection, SqliteTransaction& transaction, Tasks& batch) {
        connection.change("ROLLBACK");
        connection.change("BEGIN IMMEDIATE");
        if (batch.size() == 1) return;
        for (auto& task : batch) {
            connection.change("SAVEPOINT unit");
            if (!run_task(connection, transaction, *task)) connection.change("ROLLBACK TO unit");
            connection.change("RELEASE unit");
        }
    }

    static void reopen_if_broken(std::unique_ptr<SqliteConnection>& connection) {
        if (!connection || !connection->in_transaction()) return;
        try {
            connection->change("ROLLBACK");
        } catch (const Error&) {
            connection.reset();
        }
    }

    void look_after_log(SqliteConnection& connection) {
        if (connection.wal_pages() < checkpoint_pages) return;
        if (restart_wanted_.exchange(false)) {
            // Little is left to move. A log that is written over is synced in half the time of one that grows.
            const FileLock lock(write_lock_);
            connection.checkpoint(true);
            return;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now - checkpointed_at_ < checkpoint_interval) return;
        checkpointed_at_ = now;
        checkpoint_wanted_.store(true);
        maintenance_wanted_.notify_one();
    }

    void maintain_until_closed() {
        std::unique_ptr<SqliteConnection> connection;
        std::unique_lock lock(maintenance_mutex_);
        while (!stopping_) {
            maintenance_wanted_.wait_for(lock, 500ms);
            lock.unlock();
            static_cast<void>(is_in_place());  // while nothing is written: the log says it at once
            refuse(writes_.take_overdue(std::chrono::steady_clock::now() - task_wait_max), "another process holds the database's write lock");
            try {
                if (checkpoint_wanted_.exchange(false)) {
                    expect_in_place();
                    if (!connection) connection = std::make_unique<SqliteConnection>(path_, false);
                    connection->checkpoint(false);
                    restart_wanted_.store(true);
                }
            } catch (const Error& error) {
                log::warning("checkpoint failed", {{"error", error.what()}});
                connection.reset();
            }
            lock.lock();
        }
    }

    const std::string path_;
    const Clock& clock_;
    const std::size_t batch_max_;
    const bool keeps_nothing_;
    LockFile write_lock_;

    TaskQueue writes_;
    TaskQueue reads_;
    std::optional<FileIdentity> opened_;
    std::atomic<bool> has_moved_{false};
    std::atomic<std::uint64_t> commits_{0};

    std::chrono::steady_clock::time_point checkpointed_at_{};  // of the writer thread

    std::mutex start_mutex_;
    bool writer_started_ = false;
    int readers_started_ = 0;
    std::atomic<int> reads_open_{0};  // not answered yet
    std::vector<std::thread> threads_;
    std::unique_ptr<SqliteConnection> spare_;

    std::mutex maintenance_mutex_;
    std::condition_variable maintenance_wanted_;
    std::atomic<bool> checkpoint_wanted_{false};
    std::atomic<bool> restart_wanted_{false};
    bool stopping_ = false;

    std::mutex look_mutex_;
    std::unique_ptr<SqliteConnection> look_;
    std::chrono::steady_clock::time_point looked_at_{};
    std::uint64_t others_ = 0;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::string& path, const Clock& clock, const DatabaseOptions& options) {
    return std::make_unique<SqliteDatabase>(path, clock, options);
}

}  // namespace wabot
