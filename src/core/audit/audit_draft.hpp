#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/base/json.hpp"

namespace wabot {

/// What a command changes, as the audit log tells it: noted while the unit runs that changes it, by `changes::record` and those who know more.
struct AuditDraft {
    std::vector<std::string> changes;                     // "device.updated", in their order; may be named twice, as objects may
    std::vector<std::string> objects;                     // "device/3"
    std::vector<std::pair<std::string, JsonText>> facts;  // neither secrets nor numbers of people
};

namespace audit {

/// That `change` was made to `object` under `cause`.
void note(const Cause& cause, std::string_view change, std::string_view object);
/// A fact of what is done under `cause`, for its entry.
void note_fact(const Cause& cause, std::string_view name, std::string_view fact);

/// Which fields differ: plain ones with what they were and what they are, of documents the members that differ, of what is secret or sealed only
/// that it does.
void note_differences(const Cause& cause, std::span<const Field> fields, const void* before, const void* after);
template <Described T>
void note_differences(const Cause& cause, const T& before, const T& after) {
    note_differences(cause, fields_of<T>, &before, &after);
}

}  // namespace audit

}  // namespace wabot
