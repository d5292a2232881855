#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

    /// Like `execute`, when the outcome is not needed: it may go to the database together with what comes next. A failure is the unit's.
    template <class... A>
    void execute_deferred(std::string_view sql, const A&... arguments) {
        const Value values[] = {to_value(arguments)..., Value{}};
        change_deferred(sql, std::span(values, sizeof...(A)));
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
    virtual void change_deferred(std::string_view sql, std::span<const Value> arguments) { change(sql, arguments); }
    virtual std::int64_t insert_row(std::string_view sql, std::span<const Value> arguments) = 0;
    virtual std::int64_t insert_rows(const InsertMany& insert, std::span<const std::vector<Value>> rows) = 0;
    virtual void begin_savepoint() = 0;
    virtual void end_savepoint(bool keep) = 0;
};

}  // namespace wabot
