#include "cli/output/list_writers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/table.hpp"
#include "cli/output/yaml.hpp"

namespace wabot::cli {

namespace {

std::string json_of(const ListShape& shape, const void* object) {
    std::string text = write_json(shown_json(shape.fields, object, shape.options));
    return shape.options.out.is_tty ? escaped_json(text) : text;
}

/// {"items":[...],"next_cursor":null}, written as the rows come.
class JsonList final : public ListWriter {
public:
    JsonList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override {
        data_.write(count_++ == 0 ? "{\"items\":[" : ",");
        data_.write(json_of(shape_, object));
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
        data_.write(json_of(shape_, object) + "\n");
        data_.flush();
    }
    void end(const std::optional<std::string>&) override {}

private:
    ListShape shape_;
    Sink& data_;
};

/// The document of JsonList in YAML.
class YamlList final : public ListWriter {
public:
    YamlList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override {
        if (count_++ == 0) data_.write("items:\n");
        data_.write(to_yaml_item(shown_json(shape_.fields, object, shape_.options)));
    }
    void end(const std::optional<std::string>& next_cursor) override {
        if (count_ == 0) data_.write("items: []\n");
        data_.write(to_yaml(Json{{"next_cursor", next_cursor ? Json(*next_cursor) : Json(nullptr)}}));
    }

private:
    ListShape shape_;
    Sink& data_;
    std::size_t count_ = 0;
};

class NameList final : public ListWriter {
public:
    NameList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data) {}

    void row(const void* object) override {
        const std::string name = name_of(shape_.fields, object);
        data_.write(fmt::format("{}/{}\n", shape_.noun, shape_.options.out.is_tty ? escaped_line(name) : name));
    }
    void end(const std::optional<std::string>&) override {}

private:
    ListShape shape_;
    Sink& data_;
};

class NoList final : public ListWriter {
public:
    void row(const void*) override {}
    void end(const std::optional<std::string>&) override {}
};

/// csv and tsv; also a table that is not shown on a terminal.
class DelimitedList final : public ListWriter {
public:
    DelimitedList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data), columns_(columns_of(shape_.fields, shape_.options)) {}

    void row(const void* object) override {
        write_header();
        std::vector<std::string> cells;
        for (const Column& column : columns_) cells.push_back(cell_text(column, object, shape_.options, shape_.now));
        write_line(cells);
    }
    void end(const std::optional<std::string>&) override { write_header(); }

private:
    /// Not before there is something to show: what fails leaves stdout empty.
    void write_header() {
        if (std::exchange(header_due_, false)) write_line(column_titles(columns_, shape_.options));
    }
    void write_line(const std::vector<std::string>& cells) {
        data_.write(delimited_line(cells, shape_.options));
        data_.write(line_end(shape_.options));
    }

    ListShape shape_;
    Sink& data_;
    std::vector<Column> columns_;
    bool header_due_ = shape_.options.header;
};

class TableList final : public ListWriter {
public:
    TableList(ListShape shape, Sink& data) : shape_(std::move(shape)), data_(data), columns_(columns_of(shape_.fields, shape_.options)) {}

    void row(const void* object) override {
        constexpr std::size_t rows_held_max = 200;
        Cells& cells = rows_.emplace_back();
        for (const Column& column : columns_) cells.push_back(cell_text(column, object, shape_.options, shape_.now));
        if (rows_.size() == rows_held_max) print();
    }
    void end(const std::optional<std::string>&) override {
        if (!rows_.empty() || first_) print();
    }

private:
    void print() {
        data_.write(render_table(column_titles(columns_, shape_.options), rows_, shape_.options.out,
                                 {.header = shape_.options.header && first_, .truncate = shape_.options.truncate}));
        data_.flush();
        rows_.clear();
        first_ = false;
    }

    ListShape shape_;
    Sink& data_;
    std::vector<Column> columns_;
    std::vector<Cells> rows_;
    bool first_ = true;
};

}  // namespace

std::string delimited_line(const std::vector<std::string>& cells, const OutputOptions& options) {
    const bool csv = options.format == OutputFormat::csv;
    // An empty line would be no row.
    if (csv && cells.size() == 1 && cells.front().empty()) return "\"\"";
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += csv ? ',' : '\t';
        const auto safe = [&](const std::string& text) { return options.out.is_tty ? escaped_line(text) : text; };
        line += csv ? csv_cell(safe(cells[i]), options.csv_raw) : safe(tsv_cell(cells[i]));
    }
    return line;
}

std::string_view line_end(const OutputOptions& options) {
    return options.format == OutputFormat::csv ? "\r\n" : "\n";
}

std::vector<std::string> column_titles(std::span<const Column> columns, const OutputOptions& options) {
    std::vector<std::string> titles;
    for (const Column& column : columns) titles.push_back(is_table(options.format) ? heading(column.name) : std::string(column.name));
    return titles;
}

std::unique_ptr<ListWriter> open_list_writer(ListShape shape, Sink& data) {
    switch (shape.options.format) {
        case OutputFormat::json: return std::make_unique<JsonList>(std::move(shape), data);
        case OutputFormat::jsonl: return std::make_unique<JsonLines>(std::move(shape), data);
        case OutputFormat::yaml: return std::make_unique<YamlList>(std::move(shape), data);
        case OutputFormat::name: return std::make_unique<NameList>(std::move(shape), data);
        case OutputFormat::none: return std::make_unique<NoList>();
        case OutputFormat::csv:
        case OutputFormat::tsv: return std::make_unique<DelimitedList>(std::move(shape), data);
        case OutputFormat::table:
        case OutputFormat::wide: break;
    }
    if (!shape.options.out.is_tty) return std::make_unique<DelimitedList>(std::move(shape), data);
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
