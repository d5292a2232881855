#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/describe.hpp"

namespace wabot {

using Json = nlohmann::ordered_json;

/// Reads one document. Error{bad_request} with the offset for anything that is not JSON, is nested deeper than `depth_max`, or holds
/// bytes that are not UTF-8.
Json read_json(std::string_view text, int depth_max = 64);

/// Writes without white space; bytes that are not UTF-8 become U+FFFD.
std::string write_json(const Json& json);

/// How the sealed fields of an object are shown: given the value and its associated data, the text to print.
using ShowSealed = std::function<std::string(const Sealed&, std::string_view associated_data)>;

/// "••••••1234": what everybody may see of a sealed value.
std::string masked(const Sealed& value, std::string_view associated_data = {});

/// The object as JSON: every field but the secret ones, in the order of the description, null for what is absent.
Json to_json(std::span<const Field> fields, const void* object, const ShowSealed& show = masked);

/// Sets the fields that `json` names. Error{invalid} lists every unknown field, wrong type, text over its limit, unknown word and changed
/// read-only field; then nothing was set. Sealed and secret fields are not read here.
void from_json(std::span<const Field> fields, void* object, const Json& json);

/// JSON Schema of the object (draft 2020-12): type, properties with `maxLength`, `enum`, `readOnly`, `description`, required.
Json schema_of(std::span<const Field> fields, std::string_view title);

/// One value as plain text, as tables and TSV show it: "" for null, yes/no, ISO 8601 UTC times.
std::string to_text(const Field& field, const Value& value, const ShowSealed& show = masked);

/// `J` is always Json: as a parameter it may stay incomplete in those who include only this header.
template <Described T, class J = Json>
J to_json(const T& object, const ShowSealed& show = masked) {
    return to_json(fields_of<T>, &object, show);
}

template <Described T>
void from_json(T& object, const Json& json) {
    from_json(fields_of<T>, &object, json);
}

}  // namespace wabot
