#include "core/channels/whatsapp/content.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/json_access.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"

namespace wabot::whatsapp {

namespace {

std::string names_of(const Json& contacts) {
    std::string names;
    if (!contacts.is_array()) return names;
    for (const Json& contact : contacts) {
        const std::string name = text_at(member(contact, "name"), "formatted_name");
        if (!name.empty()) names += (names.empty() ? "" : ", ") + redact_long_numbers(name);
    }
    return names;
}

std::string chosen(const Json& interactive) {
    const std::string kind = text_at(interactive, "type");
    return text_at(member(interactive, kind), kind == "nfm_reply" ? "body" : "title");
}

std::string first_of(const Json& object, std::string_view name, std::string_view other) {
    const std::string text = text_at(object, name);
    return text.empty() ? text_at(object, other) : text;
}

std::string written(const Json& message) {
    const std::string type = text_at(message, "type");
    const Json& object = member(message, type);
    if (type == "text") return text_at(object, "body");
    if (type == "image" || type == "video" || type == "document") return text_at(object, "caption");
    if (type == "button" || type == "order") return text_at(object, "text");
    if (type == "interactive") return chosen(object);
    if (type == "reaction") return text_at(object, "emoji");
    if (type == "location") return first_of(object, "name", "address");
    if (type == "contacts") return names_of(object);
    return {};
}

}  // namespace

std::optional<std::string> content_of(const Json& message) {
    // An edit wraps the new message; one level is all there is.
    const bool is_edit = text_at(message, "type") == "edit";
    std::string text = written(is_edit ? member(member(message, "edit"), "message") : message);
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::string refers_to(const Json& message) {
    const std::string type = text_at(message, "type");
    if (type == "reaction") return text_at(member(message, type), "message_id");
    if (type == "edit" || type == "revoke") return text_at(member(message, type), "original_message_id");
    return text_at(member(message, "context"), "id");
}

Amendment amends(const Json& message) {
    const std::string type = text_at(message, "type");
    if (refers_to(message).empty()) return Amendment::none;
    return type == "edit" ? Amendment::edit : type == "revoke" ? Amendment::revoke : Amendment::none;
}

std::optional<Address> moved_to(const Json& message) {
    if (text_at(message, "type") != "system") return std::nullopt;
    const Json& system = member(message, "system");
    Address to{.phone = e164_of_wa_id(first_of(system, "wa_id", "new_wa_id")).value_or(""),
               .user_id = text_at(system, "user_id"),
               .parent_user_id = text_at(system, "parent_user_id")};
    return to.empty() ? std::nullopt : std::optional(std::move(to));
}

bool wants_answer(const Json& message) {
    constexpr std::string_view silent[] = {"reaction", "edit", "revoke", "system", "unsupported"};
    const Json& errors = member(message, "errors");
    const bool undeliverable = errors.is_array() && !errors.empty();
    return !undeliverable && std::ranges::find(silent, text_at(message, "type")) == std::end(silent);
}

}  // namespace wabot::whatsapp
