#include "core/channels/whatsapp/events.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/crypto/vault.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

const WhatsappParties parties{"100200300400500", "12025550100", "12025550117", "wamid.EARLIER"};
const Time noon = at("2026-01-05T12:00:00Z");

std::string body_of(const WhatsappEvent& event) {
    return write_whatsapp_body(whatsapp_body(event, parties, whatsapp_item(event, parties, "wamid.NEW", noon), noon));
}

/// The message type that an event's name promises: "whatsapp.message.interactive.list_reply" is interactive.
std::string type_of(std::string_view name) {
    const std::string rest(name.substr(std::string_view("whatsapp.message.").size()));
    static const std::set<std::string> texts{"quote", "forwarded", "referral", "group", "username", "forwarded_often", "product"};
    return texts.contains(rest) ? "text" : rest.substr(0, rest.find('.'));
}

}  // namespace

TEST_CASE("every event is read by our own parser as what its name says") {
    std::set<std::string_view> names;
    for (const WhatsappEvent& event : whatsapp_events()) {
        INFO(event.name);
        CHECK(names.insert(event.name).second);
        CHECK(find_whatsapp_event(event.name) == &event);
        const Delivery delivery = read_whatsapp_delivery(body_of(event), noon);
        CHECK(delivery.unreadable.empty());
        REQUIRE(delivery.items.size() == 1);
        const DeliveryItem& item = delivery.items[0];
        CHECK(item.route == (event.form == WhatsappEventForm::account_news ? "" : "100200300400500"));
        CHECK(item.account == "300100200300400");
        if (event.name.starts_with("whatsapp.message.")) {
            const auto* const message = std::get_if<IncomingMessage>(&item.what);
            REQUIRE(message != nullptr);
            CHECK(message->message_type == type_of(event.name));
            CHECK(message->provider_id == "wamid.NEW");
            CHECK(message->timestamp == noon);
            CHECK_FALSE(message->is_echo);
            const bool hides = event.form == WhatsappEventForm::username;
            CHECK(message->sender.phone == (hides ? "" : "+12025550117"));
            CHECK(message->sender.user_id == (hides ? "US.12025550117" : ""));
        } else if (event.form == WhatsappEventForm::status) {
            const auto* const status = std::get_if<StatusUpdate>(&item.what);
            REQUIRE(status != nullptr);
            CHECK("whatsapp.status." + (status->of_participant ? "group" : status->status) == event.name);
            CHECK(status->provider_id == "wamid.EARLIER");
            CHECK(status->recipient == "+12025550117");
            CHECK(status->error_code == (status->status == "failed" ? "131026" : ""));
        } else if (event.form == WhatsappEventForm::echo) {
            const auto* const message = std::get_if<IncomingMessage>(&item.what);
            REQUIRE(message != nullptr);
            CHECK(message->is_echo);
            CHECK(message->sender.phone == "+12025550117");
        } else if (event.form == WhatsappEventForm::preference) {
            const auto* const wish = std::get_if<Preference>(&item.what);
            REQUIRE(wish != nullptr);
            CHECK(wish->person.phone == "+12025550117");
            CHECK(wish->wants_marketing == event.name.ends_with("resume"));
            CHECK(wish->timestamp == noon);
        } else {
            const auto* const notice = std::get_if<Notice>(&item.what);
            REQUIRE(notice != nullptr);
            CHECK(notice->is_known);
            CHECK(event.name.substr(std::string_view("whatsapp.").size()).starts_with(notice->field));
            CHECK(notice->about.has_value() == (event.name.find("template") != std::string_view::npos));
        }
    }
    CHECK(find_whatsapp_event("whatsapp.message.telepathy") == nullptr);
}

TEST_CASE("events that refer to a message name the one that is meant") {
    for (const char* name : {"whatsapp.message.quote", "whatsapp.message.reaction", "whatsapp.message.edit", "whatsapp.message.revoke",
                             "whatsapp.message.interactive.button_reply", "whatsapp.message.interactive.list_reply", "whatsapp.message.button"}) {
        INFO(name);
        const Delivery delivery = read_whatsapp_delivery(body_of(*find_whatsapp_event(name)), noon);
        CHECK(std::get<IncomingMessage>(delivery.items.at(0).what).reply_to == "wamid.EARLIER");
    }
}

TEST_CASE("a body is written as Meta writes it and signed as it is written") {
    Json json{{"text", "größer / 👍"}};
    const std::string body = write_whatsapp_body(json);
    CHECK(body == R"({"text":"gr\u00f6\u00dfer \/ \ud83d\udc4d"})");
    CHECK(read_json(body) == json);
    const std::string signature = whatsapp_signature(body, "secret");
    CHECK(whatsapp_signature_matches(signature, body, "secret"));
    CHECK_FALSE(whatsapp_signature_matches(signature, body + " ", "secret"));
    CHECK_FALSE(whatsapp_signature_matches(signature, body, "another"));
}
