#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/value.hpp"

/// Webhooks as WhatsApp sends them, for `wabot trigger`. Shapes are those of Meta's reference
/// pages (webhooks, messages, statuses); the values are ours.
namespace wabot {

/// What surrounds the item of an event.
enum class WhatsappEventForm {
    message,   // with the person in `contacts`
    username,  // of a person who hides the number: an id in place of it
    notice,    // a message without `contacts`
    status,
    errors,  // of the account; no item belongs to a person
    echo,    // written by the business itself, to the person
    preference,
    account_news,  // news of the account, a number or a template: the item is the whole value, on a field of the event's name
};

struct WhatsappEvent {
    std::string_view name;  // "whatsapp.message.text"
    std::string_view summary;
    WhatsappEventForm form;
    std::string_view item;  // JSON of what sets it apart; {message} stands for the id it refers to, {own} and {from} for the two numbers
};

/// Every event there is, in the order of the list.
std::span<const WhatsappEvent> whatsapp_events();
/// Null when there is none of that name.
const WhatsappEvent* find_whatsapp_event(std::string_view name);

/// What listen tells events apart by: kinds, and what several of them begin with.
std::set<std::string> whatsapp_event_kinds();

/// Whom an event is about. Numbers are digits without +.
struct WhatsappParties {
    std::string phone_number_id;
    std::string own_number;
    std::string from;
    std::string message_id;  // the message that is quoted, reacted to, or whose status it is
    std::string waba_id = "300100200300400";
};

/// The message, status or error itself. `id` is its own; a status has the id of the message it is about instead.
Json whatsapp_item(const WhatsappEvent& event, const WhatsappParties& parties, std::string_view id, Time at);
/// The body around it, as of `at`.
Json whatsapp_body(const WhatsappEvent& event, const WhatsappParties& parties, Json item, Time at);

/// The bytes as Meta writes and signs them: other than ASCII as \u escapes in lower case, "/" as "\/".
std::string write_whatsapp_body(const Json& body);

/// The value of X-Hub-Signature-256 for these bytes.
std::string whatsapp_signature(std::string_view body, std::string_view app_secret);

}  // namespace wabot
