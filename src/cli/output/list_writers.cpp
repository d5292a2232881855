#include "cli/output/list_writers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/errors.hpp"
#include "cli/output/display.hpp"
#include "cli/output/table.hpp"

namespace wabot::cli {

namespace {

/// {"items":[...],"next_cursor":null}, written as the rows come.
class JsonList final : public ListWriter {
public:
    JsonList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override {
        data_.write(count_++ == 0 ? "{\"items\":[" : ",");
        data_.write(write_json(to_json(shape_.fields, object, shape_.options.show)));
    }
    void end(const std::optional<std::string>& next_cursor) override {
        if (count_ == 0) data_.write("{\"items\":[");
        data_.write("],\"next_cursor\":" + write_json(next_cursor ? Json(*next_cursor) : Json(nullptr)) + "}\n");
    }

private:
    ListShape shape_;
    Sink& data_;
    std::size_t count_ = 0;
};

class JsonLines final : public ListWriter {
public:
    JsonLines(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override {
        data_.write(write_json(to_json(shape_.fields, object, shape_.options.show)) + "\n");
        data_.flush();
    }
    void end(const std::optional<std::string>&) override {}

private:
    ListShape shape_;
    Sink& data_;
};

class NameList final : public ListWriter {
public:
    NameList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override { data_.write(fmt::format("{}/{}\n", shape_.noun, name_of(shape_.fields, object))); }
    void end(const std::optional<std::string>&) override {}

private:
    ListShape shape_;
    Sink& data_;
};

/// Tab-separated values; also what a table is when nobody looks, with headings instead of field names.
class TabbedList final : public ListWriter {
public:
    TabbedList(ListShape shape, Sink& data)
        : shape_(std::move(shape)), data_(data), columns_(columns_of(shape_.fields, shape_.options.columns, false)) {}

    void row(const void* object) override {
        write_header();
        std::vector<std::string> cells;
        for (const Field* column : columns_)
            cells.push_back(tsv_cell(cell_text(*column, object, time_style_of(shape_.options), shape_.now, shape_.options.show)));
        data_.write(fmt::format("{}\n", fmt::join(cells, "\t")));
    }
    void end(const std::optional<std::string>&) override { write_header(); }

private:
    /// Not before there is something to show: what fails leaves stdout empty.
    void write_header() {
        if (!std::exchange(header_due_, false)) return;
        const bool table = shape_.options.format == OutputFormat::table;
        std::vector<std::string> names;
        for (const Field* column : columns_) names.push_back(table ? heading(column->name) : std::string(column->name));
        data_.write(fmt::format("{}\n", fmt::join(names, "\t")));
    }

    ListShape shape_;
    Sink& data_;
    std::vector<const Field*> columns_;
    bool header_due_ = shape_.options.header;
};

class TableList final : public ListWriter {
public:
    TableList(ListShape shape, Sink& data)
        : shape_(std::move(shape)), data_(data), columns_(columns_of(shape_.fields, shape_.options.columns, false)) {}

    void row(const void* object) override {
        constexpr std::size_t rows_held_max = 200;
        Cells& cells = rows_.emplace_back();
        for (const Field* column : columns_)
            cells.push_back(cell_text(*column, object, time_style_of(shape_.options), shape_.now, shape_.options.show));
        if (rows_.size() == rows_held_max) print();
    }
    void end(const std::optional<std::string>&) override {
        if (!rows_.empty() || first_) print();
    }

private:
    void print() {
        std::vector<std::string> header;
        for (const Field* column : columns_) header.push_back(heading(column->name));
        data_.write(
            render_table(header, rows_, shape_.options.out, {.header = shape_.options.header && first_, .truncate = shape_.options.truncate}));
        data_.flush();
        rows_.clear();
        first_ = false;
    }

    ListShape shape_;
    Sink& data_;
    std::vector<const Field*> columns_;
    std::vector<Cells> rows_;
    bool first_ = true;
};

}  // namespace

std::vector<const Field*> columns_of(std::span<const Field> fields, const std::vector<std::string>& asked, bool with_wide) {
    std::vector<const Field*> columns;
    if (asked.empty()) {
        for (const Field& field : fields)
            if (!field.note.secret && (with_wide || !field.note.wide)) columns.push_back(&field);
        return columns;
    }
    for (const std::string& name : asked) {
        const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name && !f.note.secret; });
        if (found == fields.end()) {
            std::vector<std::string_view> valid;
            for (const Field* field : columns_of(fields, {}, true)) valid.push_back(field->name);
            usage_error(fmt::format("no column \"{}\"", name), fmt::format("columns: {}", fmt::join(valid, ", ")), "--columns");
        }
        columns.push_back(&*found);
    }
    return columns;
}

TimeStyle time_style_of(const OutputOptions& options) {
    if (options.time) return *options.time;
    return options.format == OutputFormat::table && options.out.is_tty ? TimeStyle::relative : TimeStyle::iso;
}

std::unique_ptr<ListWriter> open_list_writer(ListShape shape, Sink& data) {
    switch (shape.options.format) {
        case OutputFormat::json: return std::make_unique<JsonList>(std::move(shape), data);
        case OutputFormat::jsonl: return std::make_unique<JsonLines>(std::move(shape), data);
        case OutputFormat::name: return std::make_unique<NameList>(std::move(shape), data);
        case OutputFormat::tsv: return std::make_unique<TabbedList>(std::move(shape), data);
        case OutputFormat::table: break;
    }
    if (!shape.options.out.is_tty) return std::make_unique<TabbedList>(std::move(shape), data);
    return std::make_unique<TableList>(std::move(shape), data);
}

std::string name_of(std::span<const Field> fields, const void* object) {
    const Field* best = nullptr;
    for (const Field& field : fields)
        if (field.note.key || (best == nullptr && field.name == "id")) best = &field;
    if (best == nullptr) throw Error(Errc::bug, "an object without a name");
    return to_text(*best, best->get(object));
}

}  // namespace wabot::cli
