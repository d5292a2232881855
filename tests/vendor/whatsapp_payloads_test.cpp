#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/json.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

const std::filesystem::path folder = WHATSAPP_PAYLOADS;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file.good());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

using Plain = nlohmann::json;  // whose objects have no order

Plain plain(const Json& json) {
    return Plain::parse(json.dump());
}

std::int64_t seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// An address as the recordings write it: a number without +, or a user id.
std::string address(const std::string& text) {
    return text.starts_with("+") ? text.substr(1) : text;
}

void put_text(Plain& out, const char* name, const std::string& text) {
    if (!text.empty()) out[name] = text;
}

/// Cards with their numbers, which the item alone has.
Plain cards(const Plain& raw) {
    Plain out = Plain::array();
    for (const Plain& card : raw["contacts"]) {
        Plain phones = Plain::array();
        for (const Plain& phone : card["phones"]) phones.push_back(phone["phone"]);
        out.push_back({{"name", card["name"]["formatted_name"]}, {"phones", phones}});
    }
    return out;
}

/// What was read, by the names of expected.json.
Plain shape(const IncomingMessage& message) {
    const Plain metadata = Plain::parse(message.metadata), raw = Plain::parse(message.raw);
    const std::string& type = message.message_type;
    Plain out{{"kind", "message"},
              {"id", message.provider_id},
              {"type", type},
              {"timestamp", seconds(message.timestamp)},
              {"from", address(message.sender.phone.empty() ? message.sender.user_id : message.sender.phone)}};
    put_text(out, "name", message.sender_name);
    if (type != "reaction") put_text(out, "reply_to", message.reply_to);
    if (type == "text" || type == "image" || type == "video" || type == "document" || type == "button" || type == "interactive")
        put_text(out, "text", message.content.value_or(""));
    if (metadata.contains("media")) {
        out["media"] = metadata["media"];
        out["media"]["id"] = out["media"]["media_id"];
        out["media"].erase("media_id");
    }
    if (metadata.contains("location")) {
        out["location"] = metadata["location"];
        out["location"].erase("url");  // the recordings have it, expected.json does not name it
    }
    if (metadata.contains("order")) out["order"] = {{"catalog_id", metadata["order"]["catalog_id"]}, {"items", metadata["order"]["count"]}};
    if (metadata.contains("referral")) out["referral_source_id"] = metadata["referral"]["source_id"];
    if (metadata.contains("button")) out["payload"] = metadata["button"]["payload"];
    if (metadata.contains("interactive")) {
        out["interactive_type"] = metadata["interactive"]["type"];
        out["payload"] = metadata["interactive"]["id"];
    }
    if (type == "reaction") out["reaction"] = {{"message_id", message.reply_to}, {"emoji", metadata["reaction"]["emoji"]}};
    if (type == "contacts") out["contacts"] = cards(raw);
    if (type == "system")
        out["system"] = {{"type", metadata["system"]["type"]}, {"wa_id", address(message.moved_to->phone)}, {"body", raw["system"]["body"]}};
    if (metadata.contains("errors")) {
        CHECK_FALSE(message.wants_answer);
        for (const Plain& error : metadata["errors"]) out["error_codes"].push_back(error["code"]);
    }
    return out;
}

Plain shape(const StatusUpdate& status) {
    Plain out{{"kind", "status"}, {"id", status.provider_id}, {"status", status.status}, {"timestamp", seconds(status.timestamp)}};
    const bool is_number = status.recipient.starts_with("+");
    out["recipient"] = is_number ? Plain(address(status.recipient)) : Plain(nullptr);
    if (!status.error_code.empty()) out["error_codes"] = Plain::array({std::stoll(status.error_code)});
    return out;
}

Plain shape(const Preference& preference) {
    CHECK(preference.person.phone == "+16505551234");
    CHECK(preference.wants_marketing);
    return {{"kind", "other"}};
}

Plain shape(const Notice& notice) {
    if (notice.field != "errors") return {{"kind", "other"}};
    return {{"kind", "error"}, {"error_code", std::stoll(notice.event)}};
}

Plain shape(const Broken& broken) {
    INFO(broken.reason);
    return {{"kind", "bad_message"}};
}

Plain shape(const DeliveryItem& item) {
    Plain out = std::visit([](const auto& what) { return shape(what); }, item.what);
    const bool is_of_messages = item.kind == "message" || item.kind == "status" || item.kind == "errors";
    out["field"] = is_of_messages ? "messages" : item.kind;
    out["waba_id"] = item.account;
    out["phone_number_id"] = item.route.empty() ? Plain(nullptr) : Plain(item.route);
    return out;
}

}  // namespace

TEST_CASE("whatsapp payloads: every recorded body is read as expected") {
    const Json all = read_json(contents(folder / "expected.json"));
    CHECK(all.size() >= 55);
    for (const auto& [name, expected] : all.items()) {
        INFO(name);
        const Delivery delivery = read_whatsapp_delivery(contents(folder / name), Time{});
        CHECK(delivery.unreadable.empty());
        REQUIRE(delivery.items.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) CHECK(shape(delivery.items[i]).dump(1) == plain(expected[i]).dump(1));
    }
}
