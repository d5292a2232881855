#include "cli/output/stream.hpp"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/errors.hpp"
#include "cli/output/display.hpp"
#include "cli/output/list_writers.hpp"
#include "cli/output/table.hpp"
#include "core/base/clock.hpp"

namespace wabot::cli {

namespace {

/// "23:41:07" of an ISO time.
std::string time_of_day(Time time) {
    return to_iso(time).substr(11, 8);
}

}  // namespace

StreamTable::StreamTable(Output& out, std::span<const Field> fields, std::vector<std::size_t> widths)
    : out_(out),
      fields_(fields),
      columns_(columns_of(fields, out.options().columns, false)),
      widths_(std::move(widths)),
      header_due_(out.options().header && !out.json() && !out.options().out.is_tty) {
    const OutputFormat format = out.options().format;
    if (format == OutputFormat::json) usage_error("what does not end cannot be one JSON document", "-o jsonl gives an object a line", "--output");
    if (format == OutputFormat::name) usage_error("-o name is for lists", "-o jsonl gives an object a line", "--output");
}

void StreamTable::line(const void* row) {
    if (std::exchange(header_due_, false)) write_header();
    const Json json = out_.json() ? to_json(fields_, row, out_.options().show) : Json();
    const bool for_people = out_.options().out.is_tty && out_.options().format == OutputFormat::table;
    out_.line(json, out_.json() ? "" : for_people ? aligned(row) : tabbed(row));
}

std::string StreamTable::aligned(const void* row) const {
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Value value = columns_[i]->get(row);
        const Time* time = std::get_if<Time>(&value);
        const bool as_clock = time != nullptr && !out_.options().time;
        const std::string cell = as_clock ? time_of_day(*time) : to_text(*columns_[i], value, out_.options().show);
        const std::string safe = isolated(escaped_line(cell.empty() ? "-" : cell));
        const std::size_t width = i + 1 < columns_.size() && i < widths_.size() && out_.options().columns.empty() ? widths_[i] : 0;
        const std::size_t cells = cells_of(safe);
        out += safe + std::string(width > cells ? width - cells : 0, ' ');
        if (i + 1 < columns_.size()) out += "  ";
    }
    return out;
}

std::string StreamTable::tabbed(const void* row) const {
    std::vector<std::string> cells;
    for (const Field* column : columns_) cells.push_back(tsv_cell(to_text(*column, column->get(row), out_.options().show)));
    return fmt::format("{}", fmt::join(cells, "\t"));
}

void StreamTable::write_header() {
    const bool table = out_.options().format == OutputFormat::table;
    std::vector<std::string> names;
    for (const Field* column : columns_) names.push_back(table ? heading(column->name) : std::string(column->name));
    out_.line({}, fmt::format("{}", fmt::join(names, "\t")));
}

}  // namespace wabot::cli
