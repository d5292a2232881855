#pragma once

#include <memory>

#include "cli/output/output.hpp"

namespace wabot::cli {

struct ListShape {
    std::string noun;
    std::span<const Field> fields;
    const OutputOptions& options;
    Time now;
};

/// Cells as a line of csv or tsv, or of a table off a terminal: tab-separated. Without its ending, which is `line_end`. On a terminal nothing
/// in it is obeyed.
std::string delimited_line(const std::vector<std::string>& cells, const OutputOptions& options);
std::string_view line_end(const OutputOptions& options);
/// What stands above the columns: headings in a table, names of fields elsewhere.
std::vector<std::string> column_titles(std::span<const Column> columns, const OutputOptions& options);

std::unique_ptr<ListWriter> open_list_writer(ListShape shape, Sink& data);

/// The value of the field marked as key, else of `id`: what `noun/id` and arguments name an object by.
std::string name_of(std::span<const Field> fields, const void* object);

}  // namespace wabot::cli
