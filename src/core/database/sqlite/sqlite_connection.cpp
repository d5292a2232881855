#include "core/database/sqlite/sqlite_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"
#include "core/base/text.hpp"
#include "core/database/dialect.hpp"
#include "core/database/sqlite/sqlite_faults.hpp"

namespace wabot {

namespace {

constexpr int busy_timeout_ms = 5000;
constexpr std::size_t cached_statements_max = 256;

void bind_value(sqlite3_stmt* statement, int index, const Value& value) {
    struct Binder {
        sqlite3_stmt* to;
        int at;
        int operator()(std::monostate) const { return sqlite3_bind_null(to, at); }
        int operator()(bool v) const { return sqlite3_bind_int64(to, at, v ? 1 : 0); }
        int operator()(std::int64_t v) const { return sqlite3_bind_int64(to, at, v); }
        int operator()(double v) const { return sqlite3_bind_double(to, at, v); }
        int operator()(const std::string& v) const {
            if (const auto mended = sanitize_utf8(v))
                return sqlite3_bind_text64(to, at, mended->data(), mended->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
            return sqlite3_bind_text64(to, at, v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(const Bytes& v) const { return sqlite3_bind_blob64(to, at, v.data.data(), v.data.size(), SQLITE_STATIC); }
        int operator()(Time v) const { return sqlite3_bind_int64(to, at, v.time_since_epoch().count()); }
        int operator()(const JsonText& v) const { return (*this)(v.text); }
        int operator()(const Sealed&) const { return SQLITE_MISMATCH; }  // three columns: bind its members
    };
    if (std::visit(Binder{statement, index}, value) != SQLITE_OK) throw Error(Errc::bug, "a value could not be bound to a statement");
}

Value column_value(sqlite3_stmt* statement, int column) {
    const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, column)); };
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER: return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
        case SQLITE_TEXT: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
            return std::string(text, size());
        }
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
            return Bytes{bytes == nullptr ? std::string() : std::string(bytes, size())};
        }
        default: return Value{};
    }
}

/// The file alone, of which SQLite takes it that nobody writes it.
std::string immutable_uri(std::string_view path) {
    std::string out = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#')
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out + "?immutable=1";
}

}  // namespace

void SqliteConnection::open(const std::string& path, int flags) {
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
        const std::string why = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
        const bool is_denied = handle_ != nullptr && sqlite3_system_errno(handle_) == EACCES;
        close();
        throw_fault(fault_of_sqlite(is_denied ? SQLITE_PERM : code), "cannot open the database " + path + ": " + why);
    }
    sqlite3_extended_result_codes(handle_, 1);
}

SqliteConnection::SqliteConnection(const std::string& path, std::chrono::milliseconds busy_timeout) {
    open(path, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(handle_, static_cast<int>(busy_timeout.count()));
}

SqliteConnection::SqliteConnection(const std::string& path, bool create) {
    // Counting every allocation costs a lock each; the counts are not used. Has an effect before the first connection only.
    static const int without_memory_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(without_memory_statistics);
    // The store is its owner's alone, whatever the umask; log and index files take after it.
    if (create)
        if (const int made = open_or_create(path, O_RDWR | O_CLOEXEC, 0600); made >= 0) ::close(made);
    open(path, SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0));
    try {
        set_up_to_write();
    } catch (const Error& error) {
        const int code = sqlite3_errcode(handle_) & 0xff;
        close();
        const bool may_not_write = code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM;
        if (!may_not_write || !open_to_read(path))
            throw StoreFault(error.code(), "cannot open the database " + path + ": " + error.what(), error.hint());
    }
}

void SqliteConnection::set_up_to_write() {
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // auto_vacuum counts only before the first table, and sets about writing even when it is in force already: that would wait for the writer.
    if (query("PRAGMA page_count").one<std::int64_t>() == 0) script("PRAGMA auto_vacuum=INCREMENTAL");
    // wal_autocheckpoint is ours to do, from a thread of its own.
    script(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; "
        "PRAGMA cache_size=-32768; PRAGMA secure_delete=FAST;");
    // After the pragma above, which is a hook of its own.
    sqlite3_wal_hook(
        handle_,
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<SqliteConnection*>(self)->wal_pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

/// Beside who writes, by the log and index files of theirs. Where there is no log nobody writes, and the file alone is the whole store.
bool SqliteConnection::open_to_read(const std::string& path) {
    std::error_code none;
    const auto log_size = std::filesystem::file_size(path + "-wal", none);
    const bool has_log = !none && log_size > 0;
    for (const bool frozen : {false, true}) {
        if (frozen && has_log) return false;
        try {
            open(frozen ? immutable_uri(path) : path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
            sqlite3_busy_timeout(handle_, busy_timeout_ms);
            query("SELECT count(*) FROM sqlite_schema");
            is_frozen_ = frozen;
            return true;
        } catch (const Error&) {
            close();
        }
    }
    return false;
}

void SqliteConnection::close() {
    forget_statements();
    sqlite3_close_v2(std::exchange(handle_, nullptr));
}

void SqliteConnection::refuse_commits() {
    sqlite3_commit_hook(
        handle_, [](void*) { return 1; }, nullptr);
}

SqliteConnection::~SqliteConnection() {
    close();
}

bool SqliteConnection::has_moved() const {
    int moved = 0;
    return sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

Rows SqliteConnection::query(std::string_view sql, std::span<const Value> arguments) {
    const Statement& statement = prepare(sql);
    bind(statement, arguments);
    Rows rows;
    run(statement, &rows);
    return rows;
}

std::int64_t SqliteConnection::change(std::string_view sql, std::span<const Value> arguments) {
    const Statement& statement = prepare(sql);
    bind(statement, arguments);
    const int before = sqlite3_total_changes(handle_);
    run(statement, nullptr);
    return sqlite3_total_changes(handle_) == before ? 0 : sqlite3_changes64(handle_);
}

std::int64_t SqliteConnection::insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) {
    std::string names, places;
    for (std::size_t i = 0; i < insert.columns.size(); ++i) {
        const std::string_view comma = i == 0 ? "" : ", ";
        names.append(comma).append(insert.columns[i].name);
        places.append(comma).append("$").append(std::to_string(i + 1));
    }
    const std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ({}) {}", insert.table, names, places, insert.on_conflict);
    std::int64_t inserted = 0;
    for (const std::vector<Value>& row : rows) inserted += change(sql, row);
    return inserted;
}

void SqliteConnection::script(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

std::int64_t SqliteConnection::last_insert_id() const {
    return sqlite3_last_insert_rowid(handle_);
}

bool SqliteConnection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

bool SqliteConnection::checkpoint(bool restart) {
    int pages = 0;
    int moved = 0;
    if (restart) sqlite3_busy_timeout(handle_, 10);  // a reader in the way must not hold the writers up
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    if (restart) sqlite3_busy_timeout(handle_, busy_timeout_ms);
    return code == SQLITE_OK && moved == pages;
}

SqliteConnection::Statement& SqliteConnection::prepare(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    if (statements_.size() >= cached_statements_max) forget_statements();
    const std::string text = in_dialect(sql, Dialect::sqlite);
    Statement statement;
    const int code = sqlite3_prepare_v3(handle_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &statement.handle, nullptr);
    if (code != SQLITE_OK) fail(code);
    const int count = sqlite3_bind_parameter_count(statement.handle);
    for (int n = 1; n <= count; ++n) statement.index_of.push_back(sqlite3_bind_parameter_index(statement.handle, ("$" + std::to_string(n)).c_str()));
    auto columns = std::make_shared<std::vector<std::string>>();
    for (int i = 0; i < sqlite3_column_count(statement.handle); ++i) columns->emplace_back(sqlite3_column_name(statement.handle, i));
    statement.columns = std::move(columns);
    return statements_.emplace(std::string(sql), std::move(statement)).first->second;
}

void SqliteConnection::bind(const Statement& statement, std::span<const Value> arguments) {
    if (statement.index_of.size() != arguments.size()) throw Error(Errc::bug, "a statement got the wrong number of arguments");
    for (std::size_t i = 0; i < arguments.size(); ++i) bind_value(statement.handle, statement.index_of[i], arguments[i]);
}

void SqliteConnection::run(const Statement& statement, Rows* rows) {
    sqlite3_stmt* const handle = statement.handle;
    struct Reset {
        sqlite3_stmt* statement;
        ~Reset() {
            sqlite3_reset(statement);
            sqlite3_clear_bindings(statement);
        }
    } reset{handle};
    const int columns = sqlite3_column_count(handle);
    if (rows != nullptr) rows->columns = statement.columns;
    for (int code = sqlite3_step(handle); code != SQLITE_DONE; code = sqlite3_step(handle)) {
        if (code != SQLITE_ROW) fail(code);
        if (rows == nullptr) continue;
        auto& cells = rows->cells.emplace_back();
        cells.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) cells.push_back(column_value(handle, i));
    }
}

void SqliteConnection::forget_statements() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement.handle);
    statements_.clear();
}

void SqliteConnection::fail(int code) const {
    const int extended = sqlite3_extended_errcode(handle_);
    const std::string message = sqlite3_errmsg(handle_);
    throw_fault(fault_of_sqlite(extended == SQLITE_OK ? code : extended, message), "database: " + message);
}

}  // namespace wabot
