#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/base64.hpp"
#include "core/base/json.hpp"
#include "core/channels/whatsapp/message_id.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using wabot::test::at;

namespace {

const Time arrival = at("2026-01-05T12:30:00Z");
const std::string earlier = "wamid.TESTZWFybGllcg==";

std::string golden(const std::string& name) {
    std::ifstream file(std::string(WABOT_GOLDEN) + "/whatsapp/" + name + ".json");
    REQUIRE(file.good());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Delivery read(const std::string& name) {
    Delivery delivery = read_whatsapp_delivery(golden(name), arrival);
    INFO(name);
    CHECK(delivery.unreadable.empty());
    return delivery;
}

IncomingMessage message(const std::string& name) {
    const Delivery delivery = read(name);
    REQUIRE(delivery.items.size() == 1);
    CHECK(delivery.items[0].kind == "message");
    CHECK(delivery.items[0].route == "100200300400500");
    REQUIRE(std::holds_alternative<IncomingMessage>(delivery.items[0].what));
    return std::get<IncomingMessage>(delivery.items[0].what);
}

StatusUpdate status(const std::string& name) {
    const Delivery delivery = read(name);
    REQUIRE(delivery.items.size() == 1);
    CHECK(delivery.items[0].kind == "status");
    REQUIRE(std::holds_alternative<StatusUpdate>(delivery.items[0].what));
    return std::get<StatusUpdate>(delivery.items[0].what);
}

}  // namespace

TEST_CASE("whatsapp delivery: a text message is read whole") {
    const IncomingMessage text = message("text");
    CHECK(text.provider_id == "wamid.TESTdGV4dA==");
    CHECK(text.sender.phone == "+12025550142");
    CHECK(text.sender.user_id.empty());
    CHECK(text.group_id.empty());
    CHECK(text.sender_name == "Ana Pérez");
    CHECK(text.message_type == "text");
    CHECK(text.content == "Are you open on Sunday? ☕");
    CHECK(text.timestamp == at("2026-01-05T11:20:00Z"));
    CHECK(text.reply_to == earlier);
    CHECK_FALSE(text.is_echo);
    CHECK(text.wants_answer);
    CHECK(read_json(text.raw) == read_json(golden("text"))["entry"][0]["changes"][0]["value"]["messages"][0]);
}

TEST_CASE("whatsapp delivery: every type gives its human text, and says whether it waits for an answer") {
    using Row = std::tuple<std::string, std::string, std::optional<std::string>, bool>;
    const auto [name, type, content, wants_answer] = GENERATE(values<Row>({
        {"image", "image", "the broken lamp", true},
        {"voice", "audio", std::nullopt, true},
        {"document", "document", std::nullopt, true},
        {"reaction", "reaction", "👍", false},
        {"button", "button", "No more news", true},
        {"list-reply", "interactive", "Tuesday, 10:00", true},
        {"button-reply", "interactive", "Yes, please", true},
        {"form-reply", "interactive", "Sent", true},
        {"location", "location", "Corner Café", true},
        {"contacts", "contacts", "Bo Lund, Cy Moss", true},
        {"order", "order", "two of the blue ones", true},
        {"system", "system", std::nullopt, false},
        {"unsupported", "unsupported", std::nullopt, false},
        {"edit", "edit", "on Monday, I mean", false},
        {"revoke", "revoke", std::nullopt, false},
        {"future-type", "hologram", std::nullopt, true},
    }));
    const IncomingMessage read = message(name);
    INFO(name);
    CHECK(read.message_type == type);
    CHECK(read.content == content);
    CHECK(read.wants_answer == wants_answer);
    CHECK(read.sender.phone == "+12025550142");
}

TEST_CASE("whatsapp delivery: what matters beside the text is read by its name, without numbers of persons") {
    const auto [name, expected] = GENERATE(table<std::string, std::string>({
        {"text", "{}"},
        {"image", R"({"media":{"media_id":"900100","mime_type":"image/jpeg","sha256":"q80="}})"},
        {"voice", R"({"media":{"media_id":"900101","mime_type":"audio/ogg; codecs=opus","sha256":"q80=","voice":true}})"},
        {"document", R"({"media":{"media_id":"900102","mime_type":"application/pdf","sha256":"q80=","filename":"../../invoice.pdf"}})"},
        {"sticker",
         R"({"media":{"media_id":"900103","mime_type":"image/webp","sha256":"q80=","animated":true,"url":"https://media.example/900103"}})"},
        {"video", R"({"media":{"media_id":"900104","mime_type":"video/mp4","sha256":"q80="},
                      "context":{"forwarded":true,"frequently_forwarded":true}})"},
        {"location", R"({"location":{"latitude":52.1,"longitude":-1.5,"name":"Corner Café","address":"1 Example Street"}})"},
        {"order", R"({"order":{"catalog_id":"55","count":1,"total":7.0,"currency":"USD",
                               "items":[{"product_retailer_id":"b1","quantity":2,"item_price":3.5,"currency":"USD"}]}})"},
        {"orders", R"({"order":{"catalog_id":"55","count":2,"total":7.333,"currency":"USD",
                                "items":[{"product_retailer_id":"b1","quantity":2,"item_price":3.5,"currency":"USD"},
                                         {"product_retailer_id":"b2","quantity":"1","item_price":"0.333","currency":"USD"}]}})"},
        {"order-two-currencies", R"({"order":{"catalog_id":"55","count":2,
                                "items":[{"product_retailer_id":"b1","quantity":1,"item_price":1,"currency":"USD"},
                                         {"product_retailer_id":"b2","quantity":1,"item_price":1,"currency":"EUR"}]}})"},
        {"button", R"({"button":{"payload":"STOP"}})"},
        {"list-reply", R"({"interactive":{"type":"list_reply","id":"slot-3","title":"Tuesday, 10:00","description":"with Bo"}})"},
        {"form-reply", R"({"interactive":{"type":"nfm_reply","name":"flow","body":"Sent","response_json":"{\"size\":\"L\"}"}})"},
        {"contacts", R"({"contacts":[{"name":"Bo Lund","phones":1},{"name":"Cy Moss","phones":0}]})"},
        {"reaction", R"({"reaction":{"emoji":"👍"}})"},
        {"reaction-removed", R"({"reaction":{"removed":true}})"},
        {"unsupported", R"({"unsupported":{"type":"poll"},"errors":[{"code":131051,"title":"Message type unknown"}]})"},
        {"system", R"({"system":{"type":"user_changed_number"}})"},
        {"product", R"({"context":{"referred_product":{"catalog_id":"55","product_retailer_id":"b1"}}})"},
        {"referral", R"({"referral":{"source_type":"ad","source_id":"120200000000007","source_url":"https://example.com/ad/7","headline":"Bicycles",
                         "body":"Blue ones, this week.","media_type":"image","image_url":"https://example.com/ad/7.jpg","ctwa_clid":"dGVzdA",
                         "welcome_message":{"text":"Which one would you like?"}}})"},
        {"identity", R"({"identity":{"acknowledged":true,"created_timestamp":1767600000000,"hash":"SGFzaA=="}})"},
    }));
    INFO(name);
    const IncomingMessage read = message(name);
    CHECK(read_json(read.metadata).dump(1) == read_json(expected).dump(1));
    CHECK(read.metadata.find("2025550142") == std::string::npos);
    CHECK(read.media.has_value() == read_json(expected).contains("media"));
}

TEST_CASE("whatsapp delivery: a file is described as far as its provider does") {
    const IncomingMedia media = message("sticker").media.value();
    CHECK(media.media_id == "900103");
    CHECK(media.mime_type == "image/webp");
    CHECK(media.sha256 == "q80=");
    CHECK(media.url == "https://media.example/900103");
    CHECK(media.animated);
    CHECK_FALSE(media.voice);
    CHECK(message("voice").media->voice);
    CHECK(message("document").media->filename == "../../invoice.pdf");
}

TEST_CASE("whatsapp delivery: a text over the limit is cut, and says so") {
    Json body = read_json(golden("text"));
    Json& text = body["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"];
    const auto read = [&](const std::string& written) {
        text = written;
        return std::get<IncomingMessage>(read_whatsapp_delivery(body.dump(), arrival).items.at(0).what);
    };
    std::string emoji;
    for (int i = 0; i < 65'536; ++i) emoji += "😀";
    CHECK(read(emoji).content == emoji);
    CHECK(read(emoji).metadata == "{}");
    const IncomingMessage cut = read(std::string(1024 * 1024, 'x'));
    CHECK(cut.content == std::string(65'535, 'x') + "…");
    CHECK(cut.metadata == R"({"truncated":{"characters":1048576}})");
    CHECK(cut.raw.size() > 1024 * 1024);
}

TEST_CASE("whatsapp delivery: system notices tell the new addresses, edits and revocations what they do") {
    CHECK(message("system").moved_to->phone == "+12025550143");
    const Address changed = message("user-id-change").moved_to.value();
    CHECK(changed.user_id == "US.90010020030040059");
    CHECK(changed.parent_user_id == "US.ENT.9009");
    CHECK_FALSE(message("text").moved_to);
    CHECK(message("edit").amends == Amendment::edit);
    CHECK(message("revoke").amends == Amendment::revoke);
    CHECK(message("echo-revoke").amends == Amendment::revoke);
    CHECK(message("echo-revoke").is_echo);
    CHECK(message("reaction").amends == Amendment::none);
}

TEST_CASE("whatsapp delivery: wishes of people are read, those that are not understood are counted") {
    const Delivery one = read("preference-stop");
    REQUIRE(one.items.size() == 1);
    CHECK(one.items[0].kind == "user_preferences");
    const auto stop = std::get<Preference>(one.items[0].what);
    CHECK(stop.person.phone == "+12025550142");
    CHECK(stop.name == "Ana Pérez");
    CHECK_FALSE(stop.wants_marketing);
    CHECK(stop.timestamp == at("2026-01-05T11:20:00Z"));
    const Delivery several = read("preferences");
    REQUIRE(several.items.size() == 3);
    CHECK(std::get<Preference>(several.items[0].what).wants_marketing);
    CHECK_FALSE(std::get<Notice>(several.items[1].what).is_known);
    CHECK(std::get<Broken>(several.items[2].what).reason == "preference has no person");
}

TEST_CASE("whatsapp delivery: news of accounts and templates say what happened and how heavy it is") {
    const auto notice = [](const std::string& name) {
        const Delivery delivery = read(name);
        REQUIRE(delivery.items.size() == 1);
        CHECK(delivery.items[0].account == "700100200300400");
        CHECK(delivery.items[0].route.empty());
        return std::get<Notice>(delivery.items[0].what);
    };
    const Notice quality = notice("quality");
    CHECK(quality.event == "FLAGGED");
    CHECK(quality.weight == EventWeight::warning);
    CHECK(quality.own_number == "+12025550100");
    CHECK(quality.timestamp == at("2026-01-05T11:20:00Z"));
    CHECK(quality.facts == R"({"display_phone_number":"…","event":"FLAGGED","current_limit":"TIER_1K"})");
    CHECK(notice("account-disabled").weight == EventWeight::stops);
    CHECK(notice("account-restricted").weight == EventWeight::stops);
    CHECK(notice("account-update").weight == EventWeight::info);
    CHECK(notice("account-update").timestamp == at("2026-01-05T00:00:00Z"));  // has no time of its own
    const Notice alert = notice("alert");
    CHECK(alert.event == "INCREASED_CAPABILITIES_ELIGIBILITY_NEED_MORE_INFO");
    CHECK(alert.weight == EventWeight::warning);
    CHECK(alert.facts.find("0142") == std::string::npos);
    const TemplateUpdate news = notice("template-rejected").about.value();
    CHECK(news.name == "order_ready");
    CHECK(news.language == "en");
    CHECK(news.status == "REJECTED");
    CHECK(news.category == "UTILITY");
    CHECK(news.reason == "INVALID_FORMAT");
}

TEST_CASE("whatsapp delivery: reactions, edits and revocations name the message they are about") {
    for (const char* name : {"reaction", "edit", "revoke", "button"}) CHECK(message(name).reply_to == earlier);
    CHECK(message("image").reply_to.empty());
}

TEST_CASE("whatsapp delivery: statuses are read with what belongs to them") {
    const StatusUpdate sent = status("status-sent");
    CHECK(sent.provider_id == "wamid.TESTb3Vycw==");
    CHECK(sent.status == "sent");
    CHECK(sent.recipient == "+12025550142");
    CHECK(sent.timestamp == at("2026-01-05T11:21:00Z"));
    CHECK(sent.callback_token == "17.0.1");
    CHECK(sent.error_code.empty());
    CHECK(status("status-delivered").status == "delivered");
    CHECK_FALSE(sent.of_participant);
    CHECK(status("status-group").recipient == "+12025550142");
    CHECK(status("status-group").of_participant);

    const StatusUpdate failed = status("status-failed");
    CHECK(failed.status == "failed");
    CHECK(failed.error_code == "131026");
    CHECK(failed.error_title == "Message to … is undeliverable: x");
}

TEST_CASE("whatsapp delivery: several entries, changes and items come out in their order") {
    const Delivery delivery = read("several-entries");
    REQUIRE(delivery.items.size() == 4);
    CHECK(std::get<IncomingMessage>(delivery.items[0].what).content == "one");
    CHECK(std::get<IncomingMessage>(delivery.items[1].what).content == "two");
    CHECK(std::get<StatusUpdate>(delivery.items[2].what).status == "read");
    CHECK(std::get<IncomingMessage>(delivery.items[3].what).content == "three");
    CHECK(std::get<IncomingMessage>(delivery.items[3].what).sender_name.empty());
    CHECK(delivery.items[3].route == "100200300400501");
}

TEST_CASE("whatsapp delivery: broken items do not take the good ones with them") {
    const Delivery delivery = read("one-broken");
    REQUIRE(delivery.items.size() == 5);
    CHECK(std::get<IncomingMessage>(delivery.items[0].what).content == "before");
    CHECK(std::get<Broken>(delivery.items[1].what).reason == "message has no id");
    CHECK(std::get<Broken>(delivery.items[2].what).reason == "message is not an object");
    CHECK(std::get<Broken>(delivery.items[3].what).reason == "message has no sender");
    CHECK(std::get<IncomingMessage>(delivery.items[4].what).content == "after");
}

TEST_CASE("whatsapp delivery: a person may be known by user id alone, or by both") {
    const IncomingMessage alone = message("user-id-only");
    CHECK(alone.sender.phone.empty());
    CHECK(alone.sender.user_id == "GB.90010020030040050");
    CHECK(alone.sender.parent_user_id == "GB.ENT.9001");
    CHECK(alone.sender_name == "Dee");
    CHECK(alone.timestamp == at("2026-01-05T11:20:00Z"));  // came as a number

    const IncomingMessage both = message("both-ids");
    CHECK(both.sender.phone == "+12025550142");
    CHECK(both.sender.user_id == "US.90010020030040051");
    CHECK(both.sender.parent_user_id == "US.ENT.9002");
}

TEST_CASE("whatsapp delivery: a message in a group keeps the group and its writer") {
    CHECK(message("group").group_id == "GROUP-77");
    CHECK(message("group").sender.phone == "+12025550142");
}

TEST_CASE("whatsapp delivery: what the business wrote itself is an echo and waits for no answer") {
    const IncomingMessage echo = message("echo");
    CHECK(echo.is_echo);
    CHECK_FALSE(echo.wants_answer);
    CHECK(echo.sender.phone == "+12025550142");  // the person, not the business
    CHECK(echo.content == "typed on the phone");
    CHECK(message("own-number").is_echo);
    CHECK_FALSE(message("own-number").wants_answer);
}

TEST_CASE("whatsapp delivery: news of the account and errors are notices of their name") {
    const auto [name, field] = GENERATE(table<std::string, std::string>({{"account-update", "account_update"}, {"errors", "errors"}}));
    const Delivery delivery = read(name);
    REQUIRE(delivery.items.size() == 1);
    CHECK(delivery.items[0].kind == field);
    CHECK(std::get<Notice>(delivery.items[0].what).field == field);
}

TEST_CASE("whatsapp delivery: a body that is not ours is unreadable, never an exception") {
    const std::string body = GENERATE(as<std::string>{}, "", " ", "{", "[]", "7", "null", "{\"object\":\"page\",\"entry\":[]}", "{\"entry\":[]}",
                                      "{\"object\":7}", "{\"object\":\"whatsapp_business_account\",\"entry\":{}}",
                                      "{\"object\":\"whatsapp_business_account\",\"x\":\"\xff\"}", std::string(10'000, '['), std::string("\0{}", 3));
    const Delivery delivery = read_whatsapp_delivery(body, arrival);
    CHECK_FALSE(delivery.unreadable.empty());
    CHECK(delivery.items.empty());
}

TEST_CASE("whatsapp delivery: an envelope without content is empty, one with the wrong content broken") {
    const auto in = [](const std::string& entry) {
        return read_whatsapp_delivery("{\"object\":\"whatsapp_business_account\",\"entry\":" + entry + "}", arrival);
    };
    CHECK(in("[]").items.empty());
    CHECK(in("[{\"id\":\"1\",\"changes\":[]}]").items.empty());
    CHECK(in("[{\"id\":\"1\"}]").items.empty());
    CHECK(std::holds_alternative<Notice>(in("[{\"changes\":[{\"field\":\"messages\"}]}]").items.at(0).what));
    CHECK(std::holds_alternative<Notice>(in("[{\"changes\":[{\"field\":\"new_thing\",\"value\":7}]}]").items.at(0).what));
    for (const char* entry : {"[7]", "[{\"changes\":7}]", "[{\"changes\":[7]}]", "[{\"changes\":[{\"value\":{}}]}]",
                              "[{\"changes\":[{\"field\":\"messages\",\"value\":{\"messages\":{}}}]}]",
                              "[{\"changes\":[{\"field\":\"messages\",\"value\":{\"statuses\":[null]}}]}]",
                              "[{\"changes\":[{\"field\":\"messages\",\"value\":{\"statuses\":[{\"id\":\"x\"}]}}]}]"}) {
        INFO(entry);
        const Delivery delivery = in(entry);
        CHECK(delivery.unreadable.empty());
        REQUIRE(delivery.items.size() == 1);
        CHECK(std::holds_alternative<Broken>(delivery.items[0].what));
    }
}

TEST_CASE("whatsapp delivery: any property of the wrong type is survived") {
    const Json whole = read_json(golden("several-entries"));
    const std::vector<Json> wrong = {
        nullptr, 7, -1.5, true, "", "text", Json::array(), Json::array({1, "x", nullptr}), Json::object(), Json{{"id", Json::array()}}};
    const Json leaves = whole.flatten();
    std::size_t read = 0;
    for (const auto& [pointer, value] : leaves.items()) {
        const Json::json_pointer leaf(pointer);
        for (auto place = leaf; !place.empty(); place = place.parent_pointer())
            for (const Json& other : wrong) {
                Json changed = whole;
                changed[place] = other;
                read += read_whatsapp_delivery(changed.dump(), arrival).items.size();
            }
    }
    CHECK(read > 1000);
}

TEST_CASE("of many people in one body each is found in passable time") {
    Json contacts = Json::array(), messages = Json::array();
    for (int i = 0; i < 20'000; ++i) {
        const std::string number = std::to_string(12025550000 + i);
        contacts.push_back({{"wa_id", number}, {"profile", {{"name", "n" + number}}}});
        messages.push_back({{"id", "wamid." + number}, {"from", number}, {"type", "text"}, {"text", {{"body", "x"}}}});
    }
    const Json value = {{"contacts", std::move(contacts)}, {"messages", std::move(messages)}};
    const Json body = {{"object", "whatsapp_business_account"},
                       {"entry", Json::array({{{"id", "3"}, {"changes", Json::array({{{"field", "messages"}, {"value", value}}})}}})}};
    const auto begun = std::clock();
    const Delivery delivery = read_whatsapp_delivery(write_json(body), {});
    CHECK(static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC < 10);  // each compared with each would take a minute
    REQUIRE(delivery.items.size() == 20'000);
    CHECK(std::get<IncomingMessage>(delivery.items.back().what).sender_name == "n12025569999");
}

TEST_CASE("whatsapp delivery: a time that is none is the time of arrival") {
    const std::string timestamp = GENERATE(as<std::string>{}, "\"soon\"", "\"\"", "null", "-5", "\"99999999999999999999\"", "[]", "1.5");
    const std::string body =
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{\"messages\":[{\"from\":"
        "\"12025550142\","
        "\"id\":\"wamid.x\",\"type\":\"text\",\"text\":{\"body\":\"hi\"},\"timestamp\":" +
        timestamp + "}]}}]}]}";
    const Delivery delivery = read_whatsapp_delivery(body, arrival);
    REQUIRE(delivery.items.size() == 1);
    CHECK(std::get<IncomingMessage>(delivery.items[0].what).timestamp == arrival);
}

namespace {

/// The items of a change of the field `messages` with these members beside its metadata.
Delivery of_messages(Json value) {
    value["metadata"] = {{"phone_number_id", "100200300400500"}};
    const Json change{{"field", "messages"}, {"value", std::move(value)}};
    const Json entry{{"id", "700"}, {"changes", Json::array({change})}};
    return read_whatsapp_delivery(write_json({{"object", "whatsapp_business_account"}, {"entry", Json::array({entry})}}), arrival);
}

Json a_text(const std::string& from, const std::string& id) {
    return {{"from", from}, {"id", id}, {"type", "text"}, {"text", {{"body", "hi"}}}};
}

}  // namespace

TEST_CASE("whatsapp delivery: the only contact of a body is its only writer, whatever its number") {
    const Json mia{{"profile", {{"name", "Lea"}}}, {"wa_id", "12025550133"}};
    SECTION("one writer") {
        const Delivery delivery = of_messages(
            {{"contacts", Json::array({mia})}, {"messages", Json::array({a_text("12025550134", "wamid.1"), a_text("12025550134", "wamid.2")})}});
        const auto& first = std::get<IncomingMessage>(delivery.items.at(0).what);
        CHECK(first.sender_name == "Lea");
        CHECK(first.sender.phone == "+12025550134");
        CHECK(first.sender.other_phone == "+12025550133");
    }
    SECTION("two writers: nothing is guessed") {
        const Delivery delivery = of_messages(
            {{"contacts", Json::array({mia})}, {"messages", Json::array({a_text("12025550133", "wamid.1"), a_text("12025550134", "wamid.2")})}});
        CHECK(std::get<IncomingMessage>(delivery.items.at(0).what).sender_name == "Lea");
        CHECK(std::get<IncomingMessage>(delivery.items.at(1).what).sender_name.empty());
        CHECK(std::get<IncomingMessage>(delivery.items.at(1).what).sender.other_phone.empty());
    }
}

TEST_CASE("whatsapp delivery: a contact card has a name, whichever way it is written") {
    const auto name_of = [](const Json& card) {
        const Delivery delivery = of_messages(
            {{"messages", Json::array({{{"from", "12025550133"}, {"id", "wamid.1"}, {"type", "contacts"}, {"contacts", Json::array({card})}}})}});
        const auto& message = std::get<IncomingMessage>(delivery.items.at(0).what);
        CHECK(read_json(message.metadata)["contacts"][0].value("name", "") == message.content.value_or(""));
        return message.content.value_or("none");
    };
    CHECK(name_of({{"name", {{"formatted_name", "Dr. Ola Holm"}, {"first_name", "Ola"}}}}) == "Dr. Ola Holm");
    CHECK(name_of({{"name", {{"first_name", "Ola"}, {"last_name", "Holm"}}}}) == "Ola Holm");
    CHECK(name_of({{"name", {{"last_name", "Holm"}}}}) == "Holm");
    CHECK(name_of({{"vcard", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN;CHARSET=UTF-8:Holm\\, Ola\r\nEND:VCARD\r\n"}}) == "Holm, Ola");
    CHECK(name_of({{"org", {{"company", "Boats Ltd"}}}}) == "Boats Ltd");
    CHECK(name_of({{"phones", Json::array({{{"phone", "+1 202 555 0100"}}})}}) == "none");
}

TEST_CASE("whatsapp delivery: a message is found under the other scope of its id") {
    const std::string token(R"(QUOTEDTOKENQUOTEDTOKENQUOTEDTOKE)");
    const auto id_of = [&](const std::string& whose, char kind) {
        const std::string bytes =
            std::string("\x1C\x18") + static_cast<char>(whose.size()) + whose + '\x15' + kind + std::string("\0\x12\x18 ", 4) + token + '\0';
        return "wamid." + to_base64(bytes);
    };
    const std::string by_number = id_of("12025550133", '\x02'), by_user_id = id_of("US.77001", '\x14');
    const Address lea{.phone = "+12025550133", .user_id = "US.77001"};
    CHECK(whatsapp::other_ids(by_user_id, lea) == std::vector{by_number});
    CHECK(whatsapp::other_ids(by_number, lea) == std::vector{by_user_id});
    CHECK(whatsapp::other_ids(by_number, {.phone = "+12025550133"}).empty());
    const Address two_numbers{.phone = "+12025550134", .other_phone = "+12025550133"};
    CHECK(whatsapp::other_ids(by_user_id, two_numbers) == std::vector{id_of("12025550134", '\x02'), by_number});
    for (const std::string& odd :
         {std::string("wamid.x"), std::string("wamid."), "wamid." + to_base64("\x1C\x18\xFFshort"), by_number.substr(6), std::string()})
        CHECK(whatsapp::other_ids(odd, lea).empty());
}
