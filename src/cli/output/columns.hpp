#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/format.hpp"
#include "core/base/describe.hpp"
#include "core/base/json.hpp"

namespace wabot::cli {

struct OutputOptions;

/// The name of an object: the key of a device or an agent, the name of a contact; empty if there is none. `noun` is "device", "agent" or "contact".
using NameOf = std::function<std::string(std::string_view noun, std::int64_t id)>;

/// A column of a list, or a line of an object.
struct Column {
    std::string_view name;  // a member in JSON and csv, a heading in a table
    const Field* field;
    bool shows_name = false;  // of the object whose id the field holds
};

/// The columns of rows with these fields. Without `asked`: all that are neither secret nor, unless `with_wide`, wide; a table shows an object of
/// another kind by its name, the other formats by name and id. CommandExit{usage} names an unknown one of `asked`.
std::vector<Column> columns_of(std::span<const Field> fields, const std::vector<std::string>& asked, OutputFormat format, bool with_wide);
std::vector<Column> columns_of(std::span<const Field> fields, const OutputOptions& options);
/// All columns that can be asked for: the name of another object stands before its id, unless the row has a field for the name.
std::vector<Column> all_columns(std::span<const Field> fields);

/// One cell as people see it; relative times count from `now`.
std::string cell_text(const Column& column, const void* object, const OutputOptions& options, Time now);
/// The object with the names of the objects that it refers to.
Json shown_json(std::span<const Field> fields, const void* object, const OutputOptions& options);

}  // namespace wabot::cli
