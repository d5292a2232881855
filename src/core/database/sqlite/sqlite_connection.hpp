#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/database/transaction.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace wabot {

/// One connection and its prepared statements. Used by one thread at a time.
class SqliteConnection {
public:
    /// Opens `path` (made when `create`) with our settings; for reading alone where this process may not write it. Error{denied}, Error{unavailable}.
    SqliteConnection(const std::string& path, bool create);
    /// Opens `path` for a look only: never writes, and waits `busy_timeout` at most for who does. Error{unavailable}.
    SqliteConnection(const std::string& path, std::chrono::milliseconds busy_timeout);
    /// From now on SQLite itself makes a rollback of every COMMIT that would write.
    void refuse_commits();
    ~SqliteConnection();
    SqliteConnection(const SqliteConnection&) = delete;

    Rows query(std::string_view sql, std::span<const Value> arguments = {});
    /// How many rows the statement changed.
    std::int64_t change(std::string_view sql, std::span<const Value> arguments = {});
    std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows);
    void script(std::string_view sql);
    /// Of the last row that was inserted.
    std::int64_t last_insert_id() const;

    /// Whether it reads the file as it was when it was opened: nobody was writing it then.
    bool is_frozen() const { return is_frozen_; }
    /// Whether a transaction is open: after some failures SQLite has rolled back by itself.
    bool in_transaction() const;
    /// Whether the file that is open is not the one of that name any more: another was put in its place, or it was removed.
    bool has_moved() const;
    /// Pages in the write-ahead log after this connection's last commit.
    int wal_pages() const { return wal_pages_; }
    /// Moves pages from the log into the store; with `restart` waits for readers so that the log begins anew. False when others were in the way.
    bool checkpoint(bool restart);

private:
    void open(const std::string& path, int flags);
    void set_up_to_write();
    bool open_to_read(const std::string& path);
    void close();

    struct Statement {
        sqlite3_stmt* handle = nullptr;
        std::shared_ptr<const std::vector<std::string>> columns;
        std::vector<int> index_of;  // parameter index of $1, $2, ...: SQLite numbers them by first appearance
    };
    Statement& prepare(std::string_view sql);
    void bind(const Statement& statement, std::span<const Value> arguments);
    void run(const Statement& statement, Rows* rows);
    void forget_statements();
    [[noreturn]] void fail(int code) const;

    sqlite3* handle_ = nullptr;
    int wal_pages_ = 0;
    bool is_frozen_ = false;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

}  // namespace wabot
