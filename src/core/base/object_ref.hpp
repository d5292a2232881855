#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace wabot {

/// What a person names a thing by: all digits is the id, anything else the key. nullopt for a key; 0, which is no id, when the digits do not
/// fit.
std::optional<std::int64_t> as_id(std::string_view who);

/// Error{not_found}: `no agent "fqa"; did you mean "faq"?`
[[noreturn]] void throw_no_such(std::string_view noun, std::string_view who, std::span<const std::string> known, std::string_view hint);

/// Faults of a key: slug, 1 to 100 characters, not all digits.
void check_key(std::string_view key, std::vector<Fault>& faults);
/// Faults of a text: its length in characters, and bytes that are not UTF-8.
void check_length(std::string_view where, std::string_view text, std::size_t least, std::size_t most, std::vector<Fault>& faults);
/// Error{invalid} with all of them, when there are any: `device refused: key is all digits ...; name must not be empty`.
void throw_if_any(std::string_view noun, const std::vector<Fault>& faults);

}  // namespace wabot
