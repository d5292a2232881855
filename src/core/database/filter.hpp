#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/base/describe.hpp"
#include "core/database/condition.hpp"

namespace wabot {

/// What a filter is read with.
struct FilterReading {
    std::span<const Field> fields;  // of the rows; those that are secret are not there
    Time now;
    std::function<Bytes(const Field& sealed, std::string_view text)> hash;  // what finds a sealed value
};

/// The condition that an expression stands for:
///
///     expression = term {"or" term}          term = factor {"and" factor}          factor = "not" factor | "(" expression ")" | comparison
///     comparison = field ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") value        ~ holds when the text is found, whatever the case of A to Z
///                | field "in" "(" value {"," value} ")"
///                | field "is" ["not"] ("null" | "true" | "false")
///     value      = word | "quoted" | 'quoted'                                      \ before a quote or \ in a quoted one
///
/// A value is of its field's kind: a number, yes or no, one of its words, a time as `read_time_input` takes it. Of sealed fields only equality can be
/// asked. Where a field has no value only "is null" and "!=" hold. Error{bad_request} says at which column what is wrong.
Condition read_filter(std::string_view text, const FilterReading& reading);

/// The names of the fields that a filter may ask for.
std::vector<std::string_view> filter_fields(std::span<const Field> fields);

}  // namespace wabot
