#include "cli/output/columns.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output/exit_codes.hpp"
#include "cli/output/output.hpp"
#include "core/base/clock.hpp"
#include "core/base/duration.hpp"

namespace wabot::cli {

namespace {

/// What a field refers to by id: "device" of `device_id`; empty for all but those that have names.
std::string_view referred(const Field& field) {
    static constexpr std::string_view named[] = {"device", "agent", "contact"};
    for (const std::string_view noun : named)
        if (field.kind == Kind::integer && field.name.size() == noun.size() + 3 && field.name.starts_with(noun) && field.name.ends_with("_id"))
            return noun;
    return {};
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name && !f.note.secret; });
    return found == fields.end() ? nullptr : &*found;
}

Column asked_column(std::span<const Field> fields, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Column& column : all_columns(fields)) {
        if (column.name == name) return column;
        names.push_back(column.name);
    }
    usage_error(fmt::format("no column \"{}\"", name), fmt::format("columns: {}", fmt::join(names, ", ")), "--columns");
}

std::string object_name(std::string_view noun, const Value& id, const OutputOptions& options) {
    const auto* number = std::get_if<std::int64_t>(&id);
    if (number == nullptr) return {};
    const std::string name = options.name_of ? options.name_of(noun, *number) : std::string();
    return name.empty() && is_table(options.format) ? std::to_string(*number) : name;
}

std::string span_text(const Value& value) {
    const auto* seconds = std::get_if<std::int64_t>(&value);
    return seconds == nullptr ? "for ever" : show_duration(std::chrono::seconds(*seconds));
}

}  // namespace

std::vector<Column> all_columns(std::span<const Field> fields) {
    std::vector<Column> columns;
    for (const Field& field : fields) {
        if (field.note.secret) continue;
        const std::string_view noun = referred(field);
        if (!noun.empty() && find_field(fields, noun) == nullptr) columns.push_back({noun, &field, true});
        columns.push_back({field.name, &field});
    }
    return columns;
}

std::vector<Column> columns_of(std::span<const Field> fields, const std::vector<std::string>& asked, OutputFormat format, bool with_wide) {
    std::vector<Column> columns;
    for (const std::string& name : asked) columns.push_back(asked_column(fields, name));
    if (!asked.empty()) return columns;
    for (const Column& column : all_columns(fields)) {
        const bool is_named_id = !column.shows_name && !referred(*column.field).empty();
        if ((with_wide || !column.field->note.wide) && !(is_named_id && is_table(format))) columns.push_back(column);
    }
    return columns;
}

std::vector<Column> columns_of(std::span<const Field> fields, const OutputOptions& options) {
    return columns_of(fields, options.columns, options.format, options.format == OutputFormat::wide);
}

std::string cell_text(const Column& column, const void* object, const OutputOptions& options, Time now) {
    const Field& field = *column.field;
    const Value value = field.get(object);
    if (column.shows_name) return object_name(column.name, value, options);
    if (field.note.seconds && is_table(options.format)) return span_text(value);
    const Time* time = std::get_if<Time>(&value);
    if (time == nullptr) return to_text(field, value, options.show);
    const bool is_read_now = is_table(options.format) && options.out.is_tty;
    switch (options.time.value_or(is_read_now ? TimeStyle::relative : TimeStyle::iso)) {
        case TimeStyle::relative: return relative_time(*time, now);
        case TimeStyle::unix: return fmt::format("{}", std::chrono::duration<double>(time->time_since_epoch()).count());
        case TimeStyle::iso: break;
    }
    return options.zone && (options.zone_given || is_read_now) ? options.zone->iso(*time) : to_iso(*time);
}

Json shown_json(std::span<const Field> fields, const void* object, const OutputOptions& options) {
    Json plain = to_json(fields, object, options.show);
    Json shown = Json::object();
    for (const Column& column : all_columns(fields)) {
        if (!column.shows_name) {
            shown[std::string(column.name)] = std::move(plain[std::string(column.name)]);
            continue;
        }
        const std::string name = object_name(column.name, column.field->get(object), options);
        shown[std::string(column.name)] = name.empty() ? Json(nullptr) : Json(name);
    }
    return shown;
}

}  // namespace wabot::cli
