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
        const std::string name = card_name(contact);
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

/// The value of a line of a vCard (RFC 6350 3.3), with its escapes undone.
std::string vcard_value(std::string_view card, std::string_view property) {
    while (!card.empty()) {
        std::string_view line = card.substr(0, card.find('\n'));
        card.remove_prefix(std::min(card.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || line.substr(0, std::min(colon, line.find(';'))) != property) continue;
        std::string out;
        for (std::size_t i = colon + 1; i < line.size(); ++i) {
            if (line[i] == '\\' && i + 1 < line.size()) ++i;
            out += line[i];
        }
        return out;
    }
    return {};
}

}  // namespace

std::string card_name(const Json& card) {
    const Json& name = member(card, "name");
    if (std::string formatted = text_at(name, "formatted_name"); !formatted.empty()) return formatted;
    std::string joined = text_at(name, "first_name");
    if (const std::string last = text_at(name, "last_name"); !last.empty()) joined += (joined.empty() ? "" : " ") + last;
    if (!joined.empty()) return joined;
    if (std::string full = vcard_value(text_at(card, "vcard"), "FN"); !full.empty()) return full;
    return text_at(member(card, "org"), "company");
}

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

std::string error_text(const Json& error, std::string_view keep) {
    std::string text = first_of(error, "message", "title");
    const Json& data = member(error, "error_data");
    const std::string details = data.is_string() ? data.get<std::string>() : text_at(data, "details");
    if (!details.empty() && details != text) text += (text.empty() ? "" : ": ") + details;
    return redact_numbers(text, keep);
}

bool wants_answer(const Json& message) {
    constexpr std::string_view silent[] = {"reaction", "edit", "revoke", "system", "unsupported"};
    const Json& errors = member(message, "errors");
    const bool undeliverable = errors.is_array() && !errors.empty();
    return !undeliverable && std::ranges::find(silent, text_at(message, "type")) == std::end(silent);
}

}  // namespace wabot::whatsapp
