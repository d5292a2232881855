#include "core/audit/audit_draft.hpp"

#include <nlohmann/json.hpp>

#include "core/base/redact.hpp"

namespace wabot::audit {

namespace {

Json members_that_differ(const Json& before, const Json& after) {
    Json names = Json::array();
    for (const auto& [name, value] : after.items())
        if (!before.contains(name) || before[name] != value) names.push_back(name);
    for (const auto& [name, value] : before.items())
        if (!after.contains(name)) names.push_back(name);
    return names;
}

Json plain(const Field& field, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) return nullptr;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
    return redact_long_numbers(to_text(field, value));
}

Json difference(const Field& field, const Value& before, const Value& after) {
    const bool is_told = !field.note.secret && field.kind != Kind::sealed && field.kind != Kind::bytes;
    if (!is_told) return nullptr;
    if (field.kind == Kind::json) return members_that_differ(read_json(std::get<JsonText>(before).text), read_json(std::get<JsonText>(after).text));
    return Json{{"from", plain(field, before)}, {"to", plain(field, after)}};
}

}  // namespace

void note(const Cause& cause, std::string_view change, std::string_view object) {
    if (cause.draft == nullptr) return;
    cause.draft->changes.emplace_back(change);
    cause.draft->objects.emplace_back(object);
}

void note_fact(const Cause& cause, std::string_view name, std::string_view fact) {
    if (cause.draft != nullptr) cause.draft->facts.emplace_back(name, JsonText{write_json(Json(fact))});
}

void note_differences(const Cause& cause, std::span<const Field> fields, const void* before, const void* after) {
    if (cause.draft == nullptr) return;
    Json differences = Json::object();
    for (const Field& field : fields) {
        const Value was = field.get(before), is = field.get(after);
        if (was != is) differences[std::string(field.name)] = difference(field, was, is);
    }
    cause.draft->facts.emplace_back("fields", JsonText{write_json(differences)});
}

}  // namespace wabot::audit
