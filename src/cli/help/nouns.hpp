#pragma once

#include <span>
#include <string_view>

#include "core/base/describe.hpp"

namespace wabot::cli {

/// A kind of object that commands show, by the struct that describes it.
struct NounRow {
    std::string_view noun;     // "device"
    std::string_view command;  // lists them; empty = none does
    std::string_view doc;
    std::span<const Field> fields;
};
std::span<const NounRow> all_nouns();

/// What a field of it is, for people.
std::string_view doc_of(const NounRow& noun, const Field& field);

/// What the rows of a command's list have; empty when that is not known.
std::span<const Field> fields_shown_by(std::string_view command);

}  // namespace wabot::cli
