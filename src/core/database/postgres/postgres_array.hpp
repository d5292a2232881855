#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"

namespace wabot {

/// PostgreSQL's name of an array of such values: "bigint[]". Error{bug} for a sealed value, which is three columns.
std::string_view array_type_of(Kind kind);

/// The values that `rows` have at `column`, as an array in the binary form that array_recv reads: dimensions, whether nulls are in it, type of the
/// elements, length and lower bound, then each element's length (-1 = null) and bytes; all numbers big-endian.
std::string binary_array_of(Kind kind, std::span<const std::vector<Value>> rows, std::size_t column);

}  // namespace wabot
