#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/json.hpp"
#include "core/channels/whatsapp.hpp"
#include "core/channels/whatsapp_content.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using whatsapp::text_at;

namespace {

const std::filesystem::path folder = WHATSAPP_PAYLOADS;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file.good());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A number as the recordings write it, or a user or group id.
std::string address(const std::string& text) {
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? "+" + text : text;
}

void compare(const Json& expected, const IncomingMessage& message) {
    CHECK(expected["kind"] == "message");
    CHECK(message.provider_id == text_at(expected, "id"));
    CHECK(message.message_type == text_at(expected, "type"));
    CHECK(message.timestamp == Time(std::chrono::seconds(expected["timestamp"].get<std::int64_t>())));
    CHECK((message.sender.phone.empty() ? message.sender.user_id : message.sender.phone) == address(text_at(expected, "from")));
    CHECK(message.sender_name == text_at(expected, "name"));
    if (expected.contains("text")) CHECK(message.content == text_at(expected, "text"));
    if (message.message_type == "reaction")
        CHECK(message.reply_to == text_at(expected["reaction"], "message_id"));
    else
        CHECK(message.reply_to == text_at(expected, "reply_to"));
    if (expected.contains("error_codes")) CHECK_FALSE(message.wants_answer);
}

void compare(const Json& expected, const StatusUpdate& status) {
    CHECK(expected["kind"] == "status");
    CHECK(status.provider_id == text_at(expected, "id"));
    CHECK(status.status == text_at(expected, "status"));
    CHECK(status.timestamp == Time(std::chrono::seconds(expected["timestamp"].get<std::int64_t>())));
    if (!expected["recipient"].is_null()) CHECK(status.recipient == address(text_at(expected, "recipient")));
    const std::string code = expected.contains("error_codes") ? expected["error_codes"][0].dump() : "";
    CHECK(status.error_code == code);
}

void compare(const Json& expected, const Notice& notice) {
    const bool is_error = expected["kind"] == "error";
    if (!is_error) CHECK(expected["kind"] == "other");
    CHECK(notice.field == (is_error ? "errors" : text_at(expected, "field")));
}

void compare(const Json& expected, const Broken& broken) {
    INFO(broken.reason);
    CHECK(expected["kind"] == "bad_message");
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
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(delivery.items[i].route == text_at(expected[i], "phone_number_id"));
            std::visit([&](const auto& what) { compare(expected[i], what); }, delivery.items[i].what);
        }
    }
}
