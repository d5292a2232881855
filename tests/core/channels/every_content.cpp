#include "tests/core/channels/every_content.hpp"

#include <nlohmann/json.hpp>

#include "core/base/json.hpp"

namespace wabot::test {

namespace {

using enum ContentKind;

Json replies(int count, std::size_t id_size, std::size_t title_size) {
    Json buttons = Json::array();
    for (int i = 0; i < count; ++i) {
        const std::string digit = std::to_string(i);
        buttons.push_back({{"type", "reply"}, {"reply", {{"id", long_text(id_size - 1) + digit}, {"title", long_text(title_size - 1) + digit}}}});
    }
    return buttons;
}

Json sections(int count, int rows) {
    Json out = Json::array();
    for (int i = 0; i < count; ++i) {
        Json section{{"title", long_text(23) + std::to_string(i)}, {"rows", Json::array()}};
        for (int n = 0; n < rows; ++n)
            section["rows"].push_back(
                {{"id", long_text(198) + std::to_string(i) + std::to_string(n)}, {"title", long_text(24)}, {"description", long_text(72)}});
        out.push_back(section);
    }
    return out;
}

Json full_card() {
    return read_json(
        R"({"name": {"formatted_name": "Dr. Mara J. Lind", "first_name": "Mara", "middle_name": "J.", "last_name": "Lind", "prefix": "Dr.", "suffix": "MSc"},
        "phones": [{"phone": "+1 202 555 0163", "type": "WORK", "wa_id": "12025550163"}, {"phone": "+1 202 555 0164", "type": "HOME"}],
        "emails": [{"email": "mara@example.net", "type": "WORK"}], "urls": [{"url": "https://example.net/mara", "type": "WORK"}],
        "addresses": [{"street": "2 Quay Road", "city": "Harbour", "state": "ME", "zip": "04001", "country": "Nowhere", "country_code": "us", "type": "HOME"}],
        "org": {"company": "Lind Boats", "department": "Sails", "title": "Owner"}, "birthday": "1984-02-29"})");
}

}  // namespace

std::string long_text(std::size_t characters) {
    std::string text;
    for (std::size_t i = 0; i < characters; ++i) text += "é";
    return text;
}

std::vector<NamedContent> every_content() {
    const auto of = [](const char* text) { return read_json(text); };
    const auto with = [](Json json, const char* name, Json value) {
        json[name] = std::move(value);
        return json;
    };
    const Json body{{"text", "Shall we bring it today?"}};
    const Json footer{{"text", long_text(60)}};
    const Json text_header{{"type", "text"}, {"text", long_text(60)}};
    std::vector<NamedContent> all;
    const auto add = [&all](const char* name, ContentKind kind, const Json& object) { all.push_back({name, content::make(kind, object)}); };

    add("text", text, {{"body", "Hello! ☕"}});
    add("text-long", text, {{"body", long_text(4096)}, {"preview_url", true}});
    add("image-link", image, of(R"({"link": "https://example.net/boat.png"})"));
    add("image-id", image, {{"id", "700000000000001"}, {"caption", long_text(1024)}});
    add("video", video, {{"link", "https://example.net/sail.mp4"}, {"caption", long_text(1024)}});
    add("audio", audio, of(R"({"id": "700000000000002"})"));
    add("audio-voice", audio, of(R"({"link": "https://example.net/note.ogg", "voice": true})"));
    add("document", document, {{"id", "700000000000003"}, {"filename", long_text(240)}, {"caption", long_text(1024)}});
    add("sticker-id", sticker, of(R"({"id": "700000000000004"})"));
    add("sticker-link", sticker, of(R"({"link": "https://example.net/wave.webp"})"));
    add("location", location, of(R"({"latitude": 43.6591, "longitude": -70.2568, "name": "Lind Boats", "address": "2 Quay Road, Harbour"})"));
    add("location-bounds", location, of(R"({"latitude": -90, "longitude": 180})"));
    add("contacts", contacts, Json::array({full_card()}));
    add("contacts-five", contacts, Json::array({full_card(), full_card(), full_card(), full_card(), of(R"({"name": {"formatted_name": "Crew"}})")}));
    add("reaction", reaction, of(R"({"emoji": "👍"})"));
    add("reaction-removed", reaction, of(R"({"emoji": ""})"));
    add("template", template_, of(R"({"name": "sails_ready", "language": {"code": "en"}})"));
    add("template-values", template_, of(R"({"name": "sails_ready_2", "language": {"code": "pt_BR"}, "components": [
        {"type": "header", "parameters": [{"type": "document", "document": {"link": "https://example.net/bill.pdf", "filename": "bill.pdf"}}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "who", "text": "Ada"}, {"type": "currency", "currency": {"fallback_value": "€9", "code": "EUR", "amount_1000": 9000}}]},
        {"type": "button", "sub_type": "quick_reply", "index": 2, "parameters": [{"type": "payload", "payload": "LATER"}]},
        {"type": "button", "sub_type": "url", "index": "3", "parameters": [{"type": "text", "text": "b/17"}]}]})"));

    const Json button{{"type", "button"}, {"body", body}, {"action", {{"buttons", replies(1, 3, 3)}}}};
    add("button", interactive, button);
    add("button-full", interactive,
        {{"type", "button"},
         {"header", text_header},
         {"body", {{"text", long_text(1024)}}},
         {"footer", footer},
         {"action", {{"buttons", replies(3, 256, 20)}}}});
    add("button-image", interactive, with(button, "header", of(R"({"type": "image", "image": {"link": "https://example.net/boat.png"}})")));
    add("list", interactive, {{"type", "list"}, {"body", body}, {"action", {{"button", "Choose"}, {"sections", sections(1, 10)}}}});
    add("list-full", interactive,
        {{"type", "list"},
         {"header", text_header},
         {"body", {{"text", long_text(4096)}}},
         {"footer", footer},
         {"action", {{"button", long_text(20)}, {"sections", sections(10, 1)}}}});
    add("cta", interactive,
        {{"type", "cta_url"},
         {"header", text_header},
         {"body", {{"text", long_text(1024)}}},
         {"footer", footer},
         {"action", {{"name", "cta_url"}, {"parameters", {{"display_text", long_text(20)}, {"url", "https://example.net/book"}}}}}});
    add("location-request", interactive,
        of(R"({"type": "location_request_message", "body": {"text": "Where are you?"}, "action": {"name": "send_location"}})"));
    add("flow", interactive,
        of(R"({"type": "flow", "body": {"text": "Book a sail"}, "action": {"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "41",
        "flow_cta": "Book", "mode": "published", "flow_action": "navigate", "flow_token": "t-1", "flow_action_payload": {"screen": "FIRST"}}}})"));
    add("product", interactive,
        of(R"({"type": "product", "body": {"text": "This one?"}, "action": {"catalog_id": "9", "product_retailer_id": "rope-8"}})"));
    add("product-list", interactive, of(R"({"type": "product_list", "header": {"type": "text", "text": "Ropes"}, "body": {"text": "These?"},
        "action": {"catalog_id": "9", "sections": [{"title": "Thin", "product_items": [{"product_retailer_id": "rope-4"}, {"product_retailer_id": "rope-6"}]}]}})"));
    add("catalog", interactive, of(R"({"type": "catalog_message", "body": {"text": "Everything we have"}, "action": {"name": "catalog_message",
        "parameters": {"thumbnail_product_retailer_id": "rope-8"}}})"));
    return all;
}

Outgoing outgoing(const Content& content) {
    Outgoing message{.to = {.phone = "+12025550142"},
                     .text = content::readable(content),
                     .reply_to = "wamid.IN1",
                     .callback_token = "17.1.1",
                     .kind = content.kind};
    Json object = read_json(content.object.text);
    if (content.kind == text) object.erase("body");
    if (!object.empty()) message.object = write_json(object);
    return message;
}

}  // namespace wabot::test
