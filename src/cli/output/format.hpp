#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"

namespace wabot {

WABOT_ENUM(OutputFormat, table, wide, json, jsonl, yaml, csv, tsv, name, none)
WABOT_ENUM(TimeStyle, relative, iso, unix)

namespace cli {

/// A set of forms that something can be printed in.
class Formats {
public:
    constexpr Formats(std::initializer_list<OutputFormat> formats) {
        for (const OutputFormat format : formats) bits_ |= bit(format);
    }
    constexpr bool has(OutputFormat format) const { return (bits_ & bit(format)) != 0; }
    constexpr Formats without(OutputFormat format) const {
        Formats rest = *this;
        rest.bits_ &= ~bit(format);
        return rest;
    }
    std::vector<std::string_view> words() const {
        std::vector<std::string_view> out;
        for (std::size_t i = 0; i < words_of<OutputFormat>.size(); ++i)
            if (has(static_cast<OutputFormat>(i))) out.push_back(words_of<OutputFormat>[i]);
        return out;
    }

private:
    static constexpr unsigned bit(OutputFormat format) { return 1U << static_cast<unsigned>(format); }
    unsigned bits_ = 0;
};

namespace formats {
using enum OutputFormat;
/// Of rows and objects that have a name.
inline constexpr Formats all{table, wide, json, jsonl, yaml, csv, tsv, name, none};
/// Of rows and objects without one, and of changes that leave no object behind.
inline constexpr Formats nameless = all.without(name);
/// Of rows that come one by one and do not end.
inline constexpr Formats stream{table, wide, jsonl, csv, tsv, none};
/// Of JSON that comes line by line, and a conversation at a terminal.
inline constexpr Formats lines{table, jsonl, none};
/// Of a text with members that make no row.
inline constexpr Formats document{table, json, jsonl, yaml, none};
}  // namespace formats

constexpr bool is_json(OutputFormat format) {
    return format == OutputFormat::json || format == OutputFormat::jsonl;
}
/// Has members with names and types, which readers of the other forms would have to guess.
constexpr bool is_structured(OutputFormat format) {
    return is_json(format) || format == OutputFormat::yaml;
}
constexpr bool is_table(OutputFormat format) {
    return format == OutputFormat::table || format == OutputFormat::wide;
}
constexpr bool has_columns(OutputFormat format) {
    return is_table(format) || format == OutputFormat::csv || format == OutputFormat::tsv;
}

}  // namespace cli
}  // namespace wabot
