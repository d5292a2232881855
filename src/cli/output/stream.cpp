#include "cli/output/stream.hpp"

#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/list_writers.hpp"
#include "cli/output/table.hpp"
#include "core/base/clock.hpp"

namespace wabot::cli {

namespace {

/// "23:41:07"
std::string time_of_day(Time time, const std::optional<Zone>& zone) {
    return to_iso(zone ? time + zone->offset_at(time) : time).substr(11, 8);
}

}  // namespace

StreamTable::StreamTable(Output& out, std::span<const Field> fields, std::vector<std::size_t> widths)
    : out_(out),
      fields_(fields),
      columns_(columns_of(fields, out.options())),
      widths_(std::move(widths)),
      header_due_(out.options().header && !(is_table(out.options().format) && out.options().out.is_tty)) {
    const OutputFormat format = out.options().format;
    if (format == OutputFormat::json || format == OutputFormat::yaml)
        usage_error("what does not end cannot be one document", "-o jsonl gives an object a line", "--output");
    if (format == OutputFormat::name) usage_error("-o name is for lists", "-o jsonl gives an object a line", "--output");
}

void StreamTable::line(const void* row) {
    const OutputOptions& options = out_.options();
    if (is_json(options.format)) return out_.line(shown_json(fields_, row, options), {});
    if (std::exchange(header_due_, false)) out_.line({}, delimited_line(column_titles(columns_, options), options));
    out_.line({}, is_table(options.format) && options.out.is_tty ? aligned(row) : delimited(row));
}

std::string StreamTable::aligned(const void* row) const {
    const OutputOptions& options = out_.options();
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Value value = columns_[i].field->get(row);
        const Time* time = std::get_if<Time>(&value);
        const bool as_clock = time != nullptr && !options.time;
        const std::string cell = as_clock ? time_of_day(*time, options.zone) : cell_text(columns_[i], row, options, out_.now());
        const std::string safe = isolated(escaped_line(cell.empty() ? "-" : cell));
        const std::size_t width = i + 1 < columns_.size() && i < widths_.size() && options.columns.empty() ? widths_[i] : 0;
        const std::size_t cells = cells_of(safe);
        out += safe + std::string(width > cells ? width - cells : 0, ' ');
        if (i + 1 < columns_.size()) out += "  ";
    }
    return out;
}

std::string StreamTable::delimited(const void* row) const {
    std::vector<std::string> cells;
    for (const Column& column : columns_) cells.push_back(cell_text(column, row, out_.options(), out_.now()));
    return delimited_line(cells, out_.options());
}

}  // namespace wabot::cli
