#include "core/database/postgres/postgres_connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/prepared_statement>
#include <pqxx/result>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/text.hpp"
#include "core/database/dialect.hpp"
#include "core/database/postgres/postgres_array.hpp"
#include "core/database/postgres/postgres_faults.hpp"
#include "core/database/postgres/postgres_library.hpp"
#include "core/database/postgres/postgres_url.hpp"

namespace wabot {

namespace {

constexpr std::size_t statements_max = 400;
constexpr std::size_t unsent_max = 256 * 1024;  // bytes
constexpr std::string_view statement_limits =
    "SET {}statement_timeout = '10s'; SET {}lock_timeout = '8s'; SET {}idle_in_transaction_session_timeout = '15s'; "
    "SET {}bytea_output = 'hex'; SET {}standard_conforming_strings = on; ";
constexpr std::string_view clock_sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

// Of pg_type, whose numbers never change.
enum Oid : unsigned {
    oid_bool = 16,
    oid_bytea = 17,
    oid_int8 = 20,
    oid_int2 = 21,
    oid_int4 = 23,
    oid_float4 = 700,
    oid_float8 = 701,
    oid_numeric = 1700
};

std::string limits(std::string_view scope) {
    std::string out(statement_limits);
    for (auto at = out.find("{}"); at != std::string::npos; at = out.find("{}")) out.replace(at, 2, scope);
    return out;
}

/// "ERROR:  duplicate key ..." without the word and without DETAIL, in which values stand.
std::string plain(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    for (const std::string_view word : {"ERROR:", "FATAL:", "PANIC:"}) {
        if (!text.starts_with(word)) continue;
        text.remove_prefix(word.size());
        while (text.starts_with(' ')) text.remove_prefix(1);
    }
    return std::string(text);
}

/// libpqxx 6.4 leaves the state out of the exceptions that have a type of their own.
std::string sqlstate_of(const pqxx::sql_error& failure) {
    if (!failure.sqlstate().empty()) return failure.sqlstate();
    const auto is = [&]<class Type>(std::type_identity<Type>) { return dynamic_cast<const Type*>(&failure) != nullptr; };
    if (is(std::type_identity<pqxx::insufficient_privilege>{})) return "42501";
    if (is(std::type_identity<pqxx::undefined_table>{})) return "42P01";
    if (is(std::type_identity<pqxx::undefined_column>{})) return "42703";
    if (is(std::type_identity<pqxx::disk_full>{})) return "53100";
    if (is(std::type_identity<pqxx::insufficient_resources>{})) return "53000";
    if (is(std::type_identity<pqxx::feature_not_supported>{})) return "0A000";
    if (is(std::type_identity<pqxx::data_exception>{})) return "22000";
    return {};
}

std::string_view cast_of(const Value& value) {
    struct Cast {
        std::string_view operator()(std::monostate) const { return {}; }
        std::string_view operator()(bool) const { return "::boolean"; }
        std::string_view operator()(std::int64_t) const { return "::bigint"; }
        std::string_view operator()(double) const { return "::float8"; }
        std::string_view operator()(const std::string&) const { return {}; }
        std::string_view operator()(const Bytes&) const { return "::bytea"; }
        std::string_view operator()(Time) const { return "::bigint"; }
        std::string_view operator()(const JsonText&) const { return "::json"; }
        std::string_view operator()(const Sealed&) const { throw Error(Errc::bug, "a sealed value is three columns"); }
    };
    return std::visit(Cast{}, value);
}

using Parameters = std::vector<std::optional<std::string>>;

std::optional<std::string> text_of(const Value& value) {
    struct Text {
        std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
        std::optional<std::string> operator()(bool v) const { return v ? "t" : "f"; }
        std::optional<std::string> operator()(std::int64_t v) const { return std::to_string(v); }
        std::optional<std::string> operator()(double v) const {
            char digits[32];
            return std::string(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
        }
        std::optional<std::string> operator()(const std::string& v) const { return sanitize_utf8(v).value_or(v); }
        std::optional<std::string> operator()(const Bytes& v) const { return "\\x" + to_hex(v.data); }
        std::optional<std::string> operator()(Time v) const { return std::to_string(v.time_since_epoch().count()); }
        std::optional<std::string> operator()(const JsonText& v) const { return (*this)(v.text); }
        std::optional<std::string> operator()(const Sealed&) const { return std::nullopt; }
    };
    return std::visit(Text{}, value);
}

Parameters parameters_of(std::span<const Value> arguments) {
    Parameters out;
    out.reserve(arguments.size());
    for (const Value& value : arguments) out.push_back(text_of(value));
    return out;
}

/// A prepared statement with its arguments, as a statement of its own that may stand among others.
std::string call_of(const std::string& name, std::span<const Value> arguments) {
    std::string out = "EXECUTE " + name;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        out += i == 0 ? "(" : ",";
        const auto text = text_of(arguments[i]);
        if (!text) {
            out += "NULL";
            continue;
        }
        out += '\'';
        for (const char c : *text) out.append(c == '\'' ? 2 : 1, c);
        out += '\'';
    }
    return out + (arguments.empty() ? ";" : ");");
}

std::int64_t whole(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

Bytes bytes_of(std::string_view text) {
    auto bytes = text.starts_with("\\x") ? from_hex(text.substr(2)) : std::nullopt;
    if (!bytes) throw Error(Errc::bug, "the database writes bytes in a form that is not understood");
    return Bytes{std::move(*bytes)};
}

Value value_of(const pqxx::field& field, unsigned type) {
    if (field.is_null()) return Value{};
    const std::string_view text(field.c_str(), field.size());
    switch (type) {
        case oid_bool: return text == "t";
        case oid_int2:
        case oid_int4:
        case oid_int8: return whole(text);
        case oid_numeric:
            if (text.find('.') == std::string_view::npos) return whole(text);
            [[fallthrough]];
        case oid_float4:
        case oid_float8: {
            double number = 0;
            std::from_chars(text.data(), text.data() + text.size(), number);
            return number;
        }
        case oid_bytea: return bytes_of(text);
        default: return std::string(text);
    }
}

std::string key_of(const InsertMany& insert, std::string_view on_conflict) {
    std::string key = "insert ";
    key += insert.table;
    for (const auto& [name, kind] : insert.columns) key.append(1, static_cast<char>('0' + static_cast<int>(kind))).append(name);
    return key.append(1, ' ').append(on_conflict);
}

/// Each column is an array.
std::string sql_of(const InsertMany& insert, std::string_view on_conflict) {
    std::string names, arrays;
    for (std::size_t i = 0; i < insert.columns.size(); ++i) {
        const auto& [name, kind] = insert.columns[i];
        const std::string_view comma = i == 0 ? "" : ", ";
        names.append(comma).append(name);
        arrays += fmt::format("{}${}::{}", comma, i + 1, array_type_of(kind));
    }
    return fmt::format("INSERT INTO {} ({}) SELECT * FROM unnest({}) {}", insert.table, names, arrays, on_conflict);
}

/// The statement with each parameter as what was bound to it: left to itself the server takes one that is compared with 0 for an int4.
std::string with_types(std::string_view sql, std::span<const Value> arguments) {
    std::string out;
    out.reserve(sql.size() + 64);
    char quote = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const char c = sql[i];
        out += c;
        if (quote != 0 || c == '\'' || c == '"') {
            quote = quote == 0 ? c : (c == quote ? char{0} : quote);
        } else if (c == '$') {
            std::size_t end = i + 1;
            while (end < sql.size() && sql[end] >= '0' && sql[end] <= '9') ++end;
            const std::string_view digits = sql.substr(i + 1, end - i - 1);
            const auto number = static_cast<std::size_t>(whole(digits));
            if (number == 0 || number > arguments.size()) throw Error(Errc::bug, "a statement got the wrong number of arguments");
            out.append(digits).append(cast_of(arguments[number - 1]));
            i = end - 1;
        }
    }
    return out;
}

}  // namespace

struct PostgresConnection::Impl {
    explicit Impl(const std::string& url) : connection(url), work(connection) {}
    pqxx::connection connection;
    pqxx::nontransaction work;
};

class PostgresConnection::Busy {
public:
    explicit Busy(std::atomic<std::int64_t>& since) : since_(since) { since_.store(std::chrono::steady_clock::now().time_since_epoch().count()); }
    ~Busy() { since_.store(0); }

private:
    std::atomic<std::int64_t>& since_;
};

/// Runs something of libpqxx and says what went wrong in our words.
template <class Run>
auto PostgresConnection::guarded(Run run) {
    const Busy busy(busy_since_);
    try {
        return run();
    } catch (const pqxx::broken_connection& failure) {
        is_broken_ = is_aborted_ = true;
        throw Error(Errc::unavailable, "the connection to the database broke: " + plain(failure.what()));
    } catch (const pqxx::transaction_rollback& failure) {
        is_aborted_ = wants_another_run_ = true;
        throw Error(Errc::unavailable, "another transaction was in the way: " + plain(failure.what()));
    } catch (const pqxx::sql_error& failure) {
        is_aborted_ = true;
        const std::string state = sqlstate_of(failure);
        // The server is going down or is no longer the one that writes, or its tables were changed under a prepared statement: a new connection
        // helps.
        const bool is_over = state.starts_with("57P") || state.starts_with("25P") || state == "0A000" || state == "25006" || state == "26000";
        if (is_over || !impl_->connection.is_open()) is_broken_ = true;
        throw_fault(fault_of_sqlstate(state), "database: " + plain(failure.what()));
    } catch (const pqxx::failure& failure) {
        is_broken_ = is_aborted_ = true;
        throw Error(Errc::unavailable, "database: " + plain(failure.what()));
    }
}

PostgresConnection::PostgresConnection(const std::string& libpq_url) {
    load_postgres_library();
    try {
        impl_ = std::make_unique<Impl>(libpq_url);
        socket_ = impl_->connection.sock();
        impl_->connection.set_client_encoding("UTF8");
    } catch (const pqxx::failure& failure) {
        const ConnectFault fault = explain_connect_fault(plain(failure.what()));
        throw Error(fault.code, fault.message, fault.hint);
    } catch (const pqxx::usage_error& failure) {
        throw Error(Errc::unavailable, "the database cannot be opened: " + plain(failure.what()));
    }
    is_pooled_ = ask("SELECT pg_backend_pid()") != std::to_string(impl_->connection.backendpid());
    if (!is_pooled_) guarded([&] { impl_->work.exec(limits("")); });
}

PostgresConnection::~PostgresConnection() = default;

/// What was kept back and `sql`, in one message; the answer to the last statement of it.
auto PostgresConnection::send(std::string_view sql) {
    const std::string message = std::exchange(unsent_, {}).append(sql);
    savepoint_at_.reset();
    is_begun_ = true;
    return guarded([&] { return impl_->work.exec(message); });
}

Time PostgresConnection::begin(Access access, ServerClock& clock) {
    is_aborted_ = wants_another_run_ = is_begun_ = false;
    unsent_ = access == Access::read ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" : "BEGIN ISOLATION LEVEL READ COMMITTED;";
    if (is_pooled_) unsent_ += limits("LOCAL ");
    const auto asked = std::chrono::steady_clock::now();
    if (const auto known = clock.at(asked); known && !is_pooled_) return *known;
    const pqxx::result answer = send(clock_sql);
    return clock.note(Time(std::chrono::microseconds(whole(answer[0][0].c_str()))), asked, std::chrono::steady_clock::now());
}

void PostgresConnection::commit() {
    if (refuses_commits_) throw Error(Errc::bug, "a rehearsal wanted to commit");
    send("COMMIT");
    expects_conflicts_ = false;
}

void PostgresConnection::rollback() {
    unsent_.clear();
    savepoint_at_.reset();
    if (is_begun_) send("ROLLBACK");
    is_aborted_ = wants_another_run_ = is_begun_ = false;
}

void PostgresConnection::rehearse() {
    send("SET CONSTRAINTS ALL IMMEDIATE");
    rollback();
}

const PostgresConnection::Statement& PostgresConnection::prepare(std::string_view sql, std::span<const Value> arguments, std::string_view suffix) {
    std::string key;
    key.reserve(sql.size() + arguments.size());
    for (const Value& value : arguments) key += static_cast<char>('0' + value.index());
    key += sql;
    return prepared(std::move(key), [&] { return with_types(in_dialect(sql, Dialect::postgres), arguments) + std::string(suffix); });
}

template <class MakeText>
const PostgresConnection::Statement& PostgresConnection::prepared(std::string key, MakeText make_text) {
    if (const auto found = statements_.find(key); found != statements_.end()) return found->second;
    if (statements_.size() >= statements_max) {
        if (!unsent_.empty()) send({});  // which may call what goes now
        for (const auto& [text, statement] : statements_) impl_->connection.unprepare(statement.name);
        statements_.clear();
    }
    Statement statement{"s" + std::to_string(statements_.size()), make_text()};
    if (!is_pooled_) {
        impl_->connection.prepare(statement.name, statement.text);
        try {
            impl_->connection.prepare_now(statement.name);
        } catch (...) {
            impl_->connection.unprepare(statement.name);  // libpqxx remembers it, and the next one gets its name
            throw;
        }
    }
    return statements_.emplace(std::move(key), std::move(statement)).first->second;
}

auto PostgresConnection::execute(std::string_view sql, std::span<const Value> arguments, std::string_view suffix) {
    return guarded([&] {
        const Statement& statement = prepare(sql, arguments, suffix);
        if (!unsent_.empty()) {
            if (!is_pooled_) return send(call_of(statement.name, arguments));
            send({});
        }
        const Parameters parameters = parameters_of(arguments);
        const auto dynamic = pqxx::prepare::make_dynamic_params(parameters);
        return is_pooled_ ? impl_->work.exec_params(statement.text, dynamic) : impl_->work.exec_prepared(statement.name, dynamic);
    });
}

Rows PostgresConnection::query(std::string_view sql, std::span<const Value> arguments) {
    const auto answer = execute(sql, arguments, {});
    const auto count = answer.columns();
    auto columns = std::make_shared<std::vector<std::string>>();
    std::vector<unsigned> types;
    for (pqxx::row::size_type i = 0; i < count; ++i) {
        columns->emplace_back(answer.column_name(i));
        types.push_back(answer.column_type(i));
    }
    Rows rows;
    rows.columns = std::move(columns);
    rows.cells.reserve(answer.size());
    for (const pqxx::row& row : answer) {
        auto& cells = rows.cells.emplace_back();
        cells.reserve(count);
        for (pqxx::row::size_type i = 0; i < count; ++i) cells.push_back(value_of(row[i], types[i]));
    }
    return rows;
}

std::int64_t PostgresConnection::change(std::string_view sql, std::span<const Value> arguments) {
    return static_cast<std::int64_t>(execute(sql, arguments, {}).affected_rows());
}

void PostgresConnection::put(std::string_view sql, std::span<const Value> arguments) {
    if (is_pooled_) {
        execute(sql, arguments, {});
        return;
    }
    guarded([&] { unsent_ += call_of(prepare(sql, arguments, {}).name, arguments); });
    if (unsent_.size() > unsent_max) send({});
}

std::int64_t PostgresConnection::insert_row(std::string_view sql, std::span<const Value> arguments) {
    const auto answer = execute(sql, arguments, " RETURNING id");
    return answer.empty() ? 0 : whole(answer[0][0].c_str());
}

std::int64_t PostgresConnection::insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) {
    const bool hopes_for_none_there = !insert.on_conflict.empty() && !expects_conflicts_;
    const std::string_view on_conflict = hopes_for_none_there ? std::string_view{} : insert.on_conflict;
    std::vector<pqxx::binarystring> columns;
    for (std::size_t i = 0; i < insert.columns.size(); ++i) columns.emplace_back(binary_array_of(insert.columns[i].kind, rows, i));
    try {
        return guarded([&] {
            const Statement& statement = prepared(key_of(insert, on_conflict), [&] { return sql_of(insert, on_conflict); });
            if (!unsent_.empty()) send({});
            const auto dynamic = pqxx::prepare::make_dynamic_params(columns);
            const auto answer = is_pooled_ ? impl_->work.exec_params(statement.text, dynamic) : impl_->work.exec_prepared(statement.name, dynamic);
            return static_cast<std::int64_t>(answer.affected_rows());
        });
    } catch (const Error& error) {
        if (error.code() != Errc::conflict || !hopes_for_none_there) throw;
        wants_another_run_ = expects_conflicts_ = true;
        throw Error(Errc::unavailable, "some rows were there already");
    }
}

void PostgresConnection::script(std::string_view sql) {
    guarded([&] {
        if (!is_begun_) send({});
        busy_since_.store(0);  // takes as long as it takes
        impl_->work.exec("SET LOCAL statement_timeout = 0; " + std::string(sql));
    });
}

std::string PostgresConnection::ask(std::string_view sql) {
    const pqxx::result answer = guarded([&] { return impl_->work.exec(std::string(sql)); });
    return answer.empty() || answer[0][0].is_null() ? std::string{} : answer[0][0].c_str();
}

void PostgresConnection::begin_savepoint() {
    savepoint_at_ = unsent_.size();
    unsent_ += "SAVEPOINT part;";
}

void PostgresConnection::end_savepoint(bool keep) {
    if (keep) {
        send("RELEASE SAVEPOINT part");
        return;
    }
    // Of a transaction that must run again nothing is worth keeping.
    if (is_broken_ || wants_another_run_) return;
    if (savepoint_at_) return unsent_.resize(*std::exchange(savepoint_at_, {}));
    unsent_.clear();
    send("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part");
    is_aborted_ = false;
}

std::chrono::steady_clock::duration PostgresConnection::busy_for() const {
    const std::int64_t since = busy_since_.load();
    if (since == 0) return {};
    return std::chrono::steady_clock::now().time_since_epoch() - std::chrono::steady_clock::duration(since);
}

void PostgresConnection::cut() {
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace wabot
