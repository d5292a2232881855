#include "core/channels/whatsapp/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/hex.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

namespace {

using enum WhatsappEventForm;

constexpr WhatsappEvent events[] = {
    {"whatsapp.message.text", "a text", message, R"({"type": "text", "text": {"body": "When are you open?"}})"},
    {"whatsapp.message.quote", "a text that quotes a message", message,
     R"({"context": {"from": "{own}", "id": "{message}"}, "type": "text", "text": {"body": "Yes, this one."}})"},
    {"whatsapp.message.forwarded", "a text that was forwarded", message,
     R"({"context": {"forwarded": true}, "type": "text", "text": {"body": "Look at this."}})"},
    {"whatsapp.message.referral", "a text that comes from an advertisement", message,
     R"({"referral": {"source_url": "https://example.com/ad/7", "source_id": "120200000000007", "source_type": "ad", "headline": "Bicycles",
         "body": "Blue ones, this week.", "media_type": "image", "image_url": "https://example.com/ad/7.jpg", "ctwa_clid": "dHJpZ2dlcg",
         "welcome_message": {"text": "Which one would you like?"}},
         "type": "text", "text": {"body": "Is the blue one still there?"}})"},
    {"whatsapp.message.image", "a picture with a caption", message,
     R"({"type": "image", "image": {"caption": "The blue one?", "mime_type": "image/jpeg",
         "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "id": "900100200300401"}})"},
    {"whatsapp.message.audio", "a voice message", message,
     R"({"type": "audio", "audio": {"mime_type": "audio/ogg; codecs=opus", "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
         "id": "900100200300402", "voice": true}})"},
    {"whatsapp.message.video", "a video with a caption", message,
     R"({"type": "video", "video": {"caption": "It rattles.", "mime_type": "video/mp4",
         "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "id": "900100200300403"}})"},
    {"whatsapp.message.document", "a file", message,
     R"({"type": "document", "document": {"caption": "My order", "filename": "order.pdf", "mime_type": "application/pdf",
         "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "id": "900100200300404"}})"},
    {"whatsapp.message.sticker", "a sticker", message,
     R"({"type": "sticker", "sticker": {"mime_type": "image/webp", "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
         "id": "900100200300405", "animated": false}})"},
    {"whatsapp.message.location", "a place", message,
     R"({"type": "location", "location": {"latitude": 52.5163, "longitude": 13.3777, "name": "The gate", "address": "1 Example Square"}})"},
    {"whatsapp.message.contacts", "a contact card", message,
     R"({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ida Example", "first_name": "Ida", "last_name": "Example"},
         "phones": [{"phone": "+1 202-555-0188", "wa_id": "12025550188", "type": "CELL"}]}]})"},
    {"whatsapp.message.interactive.button_reply", "a tap on a reply button", message,
     R"({"context": {"from": "{own}", "id": "{message}"}, "type": "interactive",
         "interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes, please"}}})"},
    {"whatsapp.message.interactive.list_reply", "a choice from a list", message,
     R"({"context": {"from": "{own}", "id": "{message}"}, "type": "interactive",
         "interactive": {"type": "list_reply", "list_reply": {"id": "size-m", "title": "Medium", "description": "54 cm frame"}}})"},
    {"whatsapp.message.interactive.nfm_reply", "a form that was filled in", message,
     R"({"context": {"from": "{own}", "id": "{message}"}, "type": "interactive",
         "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"flow_token\":\"f7\",\"size\":\"M\"}"}}})"},
    {"whatsapp.message.button", "a tap on a template's quick reply", message,
     R"({"context": {"from": "{own}", "id": "{message}"}, "type": "button", "button": {"payload": "remind-me", "text": "Remind me"}})"},
    {"whatsapp.message.reaction", "a reaction to a message", message,
     R"({"type": "reaction", "reaction": {"message_id": "{message}", "emoji": "👍"}})"},
    {"whatsapp.message.order", "an order from a catalogue", message,
     R"({"type": "order", "order": {"catalog_id": "600100200300400", "text": "As soon as you can",
         "product_items": [{"product_retailer_id": "bike-blue", "quantity": 1, "item_price": 349.5, "currency": "EUR"}]}})"},
    {"whatsapp.message.group", "a text in a group", message,
     R"({"group_id": "Z3JvdXA6dHJpZ2dlcg==", "type": "text", "text": {"body": "When are you open?"}})"},
    {"whatsapp.message.username", "a text of someone who hides the number", username, R"({"type": "text", "text": {"body": "When are you open?"}})"},
    {"whatsapp.message.edit", "a message that was edited", message,
     R"({"type": "edit", "edit": {"original_message_id": "{message}", "message": {"type": "text", "text": {"body": "On Monday, I mean."}}}})"},
    {"whatsapp.message.revoke", "a message that was deleted", message, R"({"type": "revoke", "revoke": {"original_message_id": "{message}"}})"},
    {"whatsapp.message.request_welcome", "someone opens the chat for the first time", message, R"({"type": "request_welcome"})"},
    {"whatsapp.message.system", "someone has a new number", notice,
     R"({"type": "system", "system": {"type": "user_changed_number", "body": "The number was changed", "wa_id": "12025550189"}})"},
    {"whatsapp.message.unsupported", "something the API cannot deliver", message,
     R"({"type": "unsupported", "unsupported": {"type": "poll"}, "errors": [{"code": 131051, "title": "Message type unknown",
         "message": "Message type unknown", "error_data": {"details": "Message type is currently not supported."}}]})"},
    {"whatsapp.status.sent", "a message of ours left Meta", status,
     R"({"status": "sent", "recipient_id": "{from}",
         "pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}})"},
    {"whatsapp.status.delivered", "it reached the phone", status,
     R"({"status": "delivered", "recipient_id": "{from}",
         "pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}})"},
    {"whatsapp.status.read", "it was read", status, R"({"status": "read", "recipient_id": "{from}"})"},
    {"whatsapp.status.played", "a voice message was heard", status, R"({"status": "played", "recipient_id": "{from}"})"},
    {"whatsapp.status.failed", "it could not be delivered", status,
     R"({"status": "failed", "recipient_id": "{from}", "errors": [{"code": 131026, "title": "Message undeliverable",
         "message": "Message undeliverable", "error_data": {"details": "Message undeliverable."}}]})"},
    {"whatsapp.message.forwarded_often", "a text that was forwarded many times", message,
     R"({"context": {"forwarded": true, "frequently_forwarded": true}, "type": "text", "text": {"body": "Everybody has seen this."}})"},
    {"whatsapp.message.product", "a question about a product", message,
     R"({"context": {"from": "{own}", "id": "{message}", "referred_product": {"catalog_id": "600100200300400", "product_retailer_id": "bike-blue"}},
         "type": "text", "text": {"body": "Is it still there?"}})"},
    {"whatsapp.message.reaction.removed", "a reaction that was taken back", message,
     R"({"type": "reaction", "reaction": {"message_id": "{message}", "emoji": ""}})"},
    {"whatsapp.message.system.user_id", "someone has a new user id", notice,
     R"({"type": "system", "system": {"type": "user_changed_user_id", "body": "The user id was changed", "user_id": "US.90010020030040052"}})"},
    {"whatsapp.echo.text", "a text written in the Business app", echo, R"({"type": "text", "text": {"body": "I will see to it."}})"},
    {"whatsapp.status.group", "it reached one of a group", status,
     R"({"status": "delivered", "recipient_type": "group", "recipient_id": "Z3JvdXA6dHJpZ2dlcg==", "recipient_participant_id": "{from}"})"},
    {"whatsapp.user_preferences.stop", "someone wants no more advertisements", preference,
     R"({"category": "marketing_messages", "value": "stop", "detail": "User requested to stop marketing messages"})"},
    {"whatsapp.user_preferences.resume", "someone wants them again", preference,
     R"({"category": "marketing_messages", "value": "resume", "detail": "User requested to resume marketing messages"})"},
    {"whatsapp.account_update.disabled", "the account was disabled", account_news,
     R"({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "May 4"}})"},
    {"whatsapp.account_update.reinstated", "it works again", account_news,
     R"({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE", "waba_ban_date": "May 5"}})"},
    {"whatsapp.account_update.violation", "the account broke a rule", account_news,
     R"({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}})"},
    {"whatsapp.account_alerts", "an alert", account_news,
     R"({"entity_type": "WABA", "alert_info": {"alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "OBA_APPROVED",
         "alert_description": "Something is to be done."}})"},
    {"whatsapp.phone_number_quality_update", "people complained of the number", account_news,
     R"({"display_phone_number": "{own}", "event": "FLAGGED", "current_limit": "TIER_10K"})"},
    {"whatsapp.phone_number_name_update", "the name was looked at", account_news,
     R"({"display_phone_number": "{own}", "decision": "REJECTED", "requested_verified_name": "Bikes", "rejection_reason": "NAME_NOT_CONSISTENT"})"},
    {"whatsapp.business_capability_update", "other limits", account_news,
     R"({"max_daily_conversation_per_phone": 1000, "max_phone_numbers_per_business": 2})"},
    {"whatsapp.message_template_status_update", "a template was decided on", account_news,
     R"({"event": "REJECTED", "message_template_id": 700100200300400, "message_template_name": "order_ready", "message_template_language": "en",
         "message_template_category": "UTILITY", "reason": "INVALID_FORMAT"})"},
    {"whatsapp.message_template_quality_update", "a template is read less gladly", account_news,
     R"({"previous_quality_score": "GREEN", "new_quality_score": "YELLOW", "message_template_id": 700100200300400,
         "message_template_name": "order_ready", "message_template_language": "en"})"},
    {"whatsapp.template_category_update", "a template has another category", account_news,
     R"({"previous_category": "UTILITY", "new_category": "MARKETING", "message_template_id": 700100200300400,
         "message_template_name": "order_ready", "message_template_language": "en"})"},
    {"whatsapp.errors", "trouble of the account", errors,
     R"({"code": 130429, "title": "Rate limit hit", "message": "Rate limit hit", "error_data": {"details": "Too many messages at a time."}})"},
};

/// Of an event whose person hides the number: ids are unlike numbers, so one made of the number reads as what it is.
std::string user_id_of(const WhatsappParties& parties) {
    return "US." + parties.from;
}

/// Replaces the stand-ins in every text of the item.
void fill_in(Json& json, const WhatsappParties& parties) {
    if (json.is_structured()) {
        for (Json& child : json) fill_in(child, parties);
    } else if (json.is_string()) {
        const std::string& text = json.get_ref<const std::string&>();
        if (text == "{message}")
            json = parties.message_id;
        else if (text == "{own}")
            json = parties.own_number;
        else if (text == "{from}")
            json = parties.from;
    }
}

/// "account_update" of "whatsapp.account_update.disabled".
std::string field_of(const WhatsappEvent& event) {
    const std::string_view rest = event.name.substr(event.name.find('.') + 1);
    return std::string(rest.substr(0, rest.find('.')));
}

struct Place {
    const char* list;
    const char* field;
};

/// Where an item of that form stands.
Place place_of(WhatsappEventForm form) {
    switch (form) {
        case status: return {"statuses", "messages"};
        case errors: return {"errors", "messages"};
        case echo: return {"message_echoes", "smb_message_echoes"};
        case preference: return {"user_preferences", "user_preferences"};
        default: return {"messages", "messages"};
    }
}

Json body_around(const WhatsappParties& parties, const std::string& field, Json value, std::optional<Time> at) {
    Json change{{"value", std::move(value)}, {"field", field}};
    Json entry{{"id", parties.waba_id}, {"changes", Json::array()}};
    if (at) entry["time"] = std::chrono::duration_cast<std::chrono::seconds>(at->time_since_epoch()).count();
    entry["changes"].push_back(std::move(change));
    Json body{{"object", "whatsapp_business_account"}, {"entry", Json::array()}};
    body["entry"].push_back(std::move(entry));
    return body;
}

}  // namespace

std::span<const WhatsappEvent> whatsapp_events() {
    return events;
}

const WhatsappEvent* find_whatsapp_event(std::string_view name) {
    const auto found = std::ranges::find(events, name, &WhatsappEvent::name);
    return found == std::end(events) ? nullptr : found;
}

Json whatsapp_item(const WhatsappEvent& event, const WhatsappParties& parties, std::string_view id, Time at) {
    Json item = Json::object();
    if (event.form == message || event.form == notice) item["from"] = parties.from;
    if (event.form == username) item["from_user_id"] = user_id_of(parties);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    if (event.form == echo) {
        item["from"] = parties.own_number;
        item["to"] = parties.from;
    }
    if (event.form == preference) {
        item["wa_id"] = parties.from;
        item["timestamp"] = seconds;
    } else if (event.form != errors && event.form != account_news) {
        item["id"] = event.form == status ? parties.message_id : std::string(id);
        item["timestamp"] = std::to_string(seconds);
    }
    Json own = read_json(event.item);
    fill_in(own, parties);
    item.update(own);
    return item;
}

Json whatsapp_body(const WhatsappEvent& event, const WhatsappParties& parties, Json item, Time at) {
    if (event.form == account_news) return body_around(parties, field_of(event), std::move(item), at);
    Json value{{"messaging_product", "whatsapp"},
               {"metadata", {{"display_phone_number", parties.own_number}, {"phone_number_id", parties.phone_number_id}}}};
    if (event.form == message) value["contacts"] = Json::array({Json{{"profile", {{"name", "Trigger"}}}, {"wa_id", parties.from}}});
    if (event.form == username)
        value["contacts"] = Json::array({Json{{"profile", {{"name", "Trigger"}, {"username", "trigger"}}}, {"user_id", user_id_of(parties)}}});
    if (event.form == preference) value["contacts"] = Json::array({Json{{"wa_id", parties.from}}});
    const auto [list, field] = place_of(event.form);
    value[list] = Json::array();
    value[list].push_back(std::move(item));
    return body_around(parties, field, std::move(value), std::nullopt);
}

std::string write_whatsapp_body(const Json& body) {
    const std::string plain = body.dump(-1, ' ', true, Json::error_handler_t::replace);
    std::string out;
    out.reserve(plain.size() + plain.size() / 16);
    for (const char c : plain) {
        if (c == '/') out += '\\';  // only texts hold one
        out += c;
    }
    return out;
}

std::string whatsapp_signature(std::string_view body, std::string_view app_secret) {
    return "sha256=" + to_hex(hmac_sha256(app_secret, body));
}

std::set<std::string> whatsapp_event_kinds() {
    using enum WhatsappEventForm;
    std::set<std::string> kinds;
    for (const WhatsappEvent& event : whatsapp_events()) {
        const bool is_message = event.form == message || event.form == username || event.form == notice || event.form == echo;
        const std::string family(event.name.substr(0, event.name.find('.', event.name.find('.') + 1)));
        kinds.insert(family);
        if (is_message || event.form == status)
            kinds.insert(fmt::format("{}.{}", family, read_json(event.item).at(is_message ? "type" : "status").get<std::string>()));
    }
    return kinds;
}

}  // namespace wabot
