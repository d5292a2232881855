#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/database/postgres/server_clock.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// One connection to a PostgreSQL server, with its prepared statements. One thread at a time, `busy_for` and `cut` excepted. Errors are Error:
/// conflict for a broken unique constraint, invalid for another one, unavailable for a server or a connection that failed.
class PostgresConnection {
public:
    /// Connects, at most for the URL's connect_timeout. Error{unavailable, unauthenticated, denied} with the way out.
    explicit PostgresConnection(const std::string& libpq_url);
    ~PostgresConnection();
    PostgresConnection(const PostgresConnection&) = delete;

    enum class Access { read, write };
    /// Begins a transaction, READ COMMITTED for writing, REPEATABLE READ for reading, and gives the server's time by `clock`, which is read anew when
    /// it must be. BEGIN itself travels with the first statement.
    Time begin(Access access, ServerClock& clock);
    /// Error{unavailable} when it is not known whether it came through.
    void commit();
    /// From now on `commit` is Error{bug}.
    void refuse_commits() { refuses_commits_ = true; }
    void rollback();
    /// Rolls back once the server has done and checked all of it, so that deferred constraint errors surface.
    void rehearse();

    Rows query(std::string_view sql, std::span<const Value> arguments = {});
    std::int64_t change(std::string_view sql, std::span<const Value> arguments = {});
    /// Changes something when the next statement, savepoint or COMMIT is sent, in one message with it.
    void put(std::string_view sql, std::span<const Value> arguments);
    /// The new row's `id`, 0 when there is none.
    std::int64_t insert_row(std::string_view sql, std::span<const Value> arguments);
    /// One statement, whatever the number of rows. ON CONFLICT, for which the server writes each row in two steps, is left out at first: when there
    /// are conflicts, the unit wants another run, which has it.
    std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows);
    /// Several statements without arguments, without limit on their time.
    void script(std::string_view sql);
    /// One statement outside of any transaction; its only value as text.
    std::string ask(std::string_view sql);

    void begin_savepoint();
    void end_savepoint(bool keep);

    /// The connection is of no use any more.
    bool is_broken() const { return is_broken_; }
    /// A statement failed since `begin` or the last savepoint that was rolled back to: nothing can follow but its rollback.
    bool is_aborted() const { return is_aborted_; }
    /// The unit is to be run again: the server asks for it (40001, 40P01), or `insert_rows` does.
    bool wants_another_run() const { return wants_another_run_; }
    /// A pooler stands between us and the server and may give each transaction another of the server's sessions.
    bool is_pooled() const { return is_pooled_; }

    /// How long the server has not answered now; 0 when nothing was asked. Any thread.
    std::chrono::steady_clock::duration busy_for() const;
    /// Ends the connection while a query waits for its answer. Any thread.
    void cut();

private:
    struct Impl;
    struct Statement {
        std::string name;
        std::string text;
    };
    class Busy;
    template <class Run>
    auto guarded(Run run);
    auto execute(std::string_view sql, std::span<const Value> arguments, std::string_view suffix);
    const Statement& prepare(std::string_view sql, std::span<const Value> arguments, std::string_view suffix);
    template <class MakeText>
    const Statement& prepared(std::string key, MakeText make_text);
    auto send(std::string_view sql);

    std::unique_ptr<Impl> impl_;
    std::map<std::string, Statement, std::less<>> statements_;
    std::string unsent_;                       // statements, in one message with the next
    std::optional<std::size_t> savepoint_at_;  // where in it the savepoint is, as long as the server does not know of it
    bool is_begun_ = false;                    // the server knows of the transaction
    int socket_ = -1;
    std::atomic<std::int64_t> busy_since_{0};
    bool is_broken_ = false;
    bool is_aborted_ = false;
    bool wants_another_run_ = false;
    bool expects_conflicts_ = false;  // until a COMMIT
    bool is_pooled_ = false;
    bool refuses_commits_ = false;
};

}  // namespace wabot
