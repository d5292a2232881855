#include "core/channels/sim/sim.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/json.hpp"
#include "core/base/json_access.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/channels/content.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

namespace {

std::int64_t seconds_of(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

SimGraphAnswer refuse(int status, int code, const std::string& type, const std::string& message, Random& random) {
    const Json error{{"message", message}, {"type", type}, {"code", code}, {"fbtrace_id", random.word(22)}};
    return {status, write_json(Json{{"error", error}}), {}};
}

/// Who brings no token.
std::optional<SimGraphAnswer> refuse_stranger(std::string_view authorization, Random& random) {
    constexpr std::string_view bearer = "Bearer ";
    if (authorization.starts_with(bearer) && authorization.size() > bearer.size()) return std::nullopt;
    return refuse(401, 190, "OAuthException", "Invalid OAuth access token - Cannot parse access token", random);
}

SimGraphAnswer refuse_parameter(const std::string& what, Random& random) {
    return refuse(400, 100, "OAuthException", "(#100) " + what, random);
}

/// The object of a body as a content of ours; nullopt when it has a type that is not known.
std::optional<Content> content_in(const Json& body) {
    const std::string type = text_at(body, "type");
    const auto kind = from_word<ContentKind>(type.empty() ? "text" : type);
    if (!kind) return std::nullopt;
    Json object = member(body, to_word(*kind));
    if (*kind == ContentKind::reaction && object.is_object()) object.erase("message_id");  // stands beside it here
    return Content{*kind, {write_json(object)}};
}

/// What is wrong with the object of a body, in the words of our own check.
std::string fault_in(const Content& content) try {
    content::check(content);
    const bool is_long = content.kind == ContentKind::text && count_code_points(content::readable(content)) > text_part_max;
    return is_long ? "text.body is too long." : "";
} catch (const Error& error) {
    return error.what();
}

/// The first thing that is wrong with a body for a message.
std::string missing_in(const Json& body) {
    if (text_at(body, "messaging_product") != "whatsapp") return "The parameter messaging_product is required.";
    if (text_at(body, "to").empty() && text_at(body, "recipient").empty()) return "The parameter to is required.";
    const std::string type = text_at(body, "type");
    const std::string object = type.empty() ? "text" : type;
    if (!member(body, object).is_structured()) return "The parameter " + object + " is required.";
    if (object == "text" && text_at(member(body, "text"), "body").empty()) return "The parameter text['body'] is required.";
    if (object == "reaction" && text_at(member(body, "reaction"), "message_id").empty()) return "The parameter reaction['message_id'] is required.";
    const auto content = content_in(body);
    return content ? fault_in(*content) : "The parameter type is not known.";
}

Json capture_of(const Json& body, const std::string& id, Time now) {
    Json capture{{"id", id}};
    const std::string to = text_at(body, "to");
    if (text_at(body, "recipient_type") == "group")
        capture["group_id"] = to;
    else if (!to.empty())
        capture["to"] = to;
    else
        capture["user_id"] = text_at(body, "recipient");
    const std::string type = text_at(body, "type");
    capture["type"] = type.empty() ? "text" : type;
    if (const auto content = content_in(body)) capture["text"] = content::readable(*content);
    const std::string quoted = text_at(member(body, "context"), "message_id");
    capture["reply_to"] = quoted.empty() ? text_at(member(body, "reaction"), "message_id") : quoted;
    capture["opaque"] = text_at(body, "biz_opaque_callback_data");
    capture["timestamp"] = seconds_of(now);
    return capture;
}

std::string number_of(const std::string& text) {
    return (text.starts_with('+') ? to_e164(text) : e164_of_wa_id(text)).value_or("");
}

Json parsed(std::string_view body) {
    try {
        return read_json(body);
    } catch (const Error&) {
        return {};
    }
}

IncomingMessage message_of(const Json& json, std::string_view body, Time received_at) {
    IncomingMessage message;
    const bool is_capture = !json.contains("from");
    message.provider_id = text_at(json, "id");
    if (message.provider_id.empty()) message.provider_id = "sim." + to_hex(sha256(body)).substr(0, 32);
    message.sender.phone = number_of(text_at(json, is_capture ? "to" : "from"));
    message.sender.user_id = text_at(json, "user_id");
    message.group_id = text_at(json, "group_id");
    message.sender_name = text_at(json, "name");
    const std::string type = text_at(json, "type");
    message.message_type = type.empty() ? "text" : type;
    if (std::string text = text_at(json, "text"); !text.empty()) message.content = std::move(text);
    message.timestamp = time_at(json, "timestamp").value_or(received_at);
    message.reply_to = text_at(json, "reply_to");
    message.wants_answer = !is_capture;
    message.raw = body;
    return message;
}

}  // namespace

asio::awaitable<SendOutcome> SimChannel::send(const Outgoing&, HandOver& gate) {
    co_await gate.commit();
    co_return Sent{"sim." + random_.word(20)};
}

asio::awaitable<UploadOutcome> SimChannel::upload(Upload) {
    co_return Uploaded{"sim." + random_.word(20), std::chrono::days(30)};
}

asio::awaitable<std::optional<NotSent>> SimChannel::mark_read(std::string, bool) {
    co_return std::nullopt;
}

SimGraphAnswer answer_sim_graph(std::string_view authorization, std::string_view body, Time now, Random& random) {
    if (auto refusal = refuse_stranger(authorization, random)) return std::move(*refusal);
    const Json request = parsed(body);
    if (!request.is_object()) return refuse_parameter("The body is not a JSON object.", random);
    if (text_at(request, "status") == "read" && !text_at(request, "message_id").empty()) return {200, R"({"success":true})", {}};
    if (const std::string missing = missing_in(request); !missing.empty()) return refuse_parameter(missing, random);

    const std::string id = "wamid." + random.word(48);
    const std::string to = text_at(request, "to");
    const std::string input = to.empty() ? text_at(request, "recipient") : to;
    const std::string number = number_of(to);
    Json contact{{"input", input}};
    if (number.empty())
        contact["user_id"] = input;
    else
        contact["wa_id"] = number.substr(1);
    const Json answer{{"messaging_product", "whatsapp"}, {"contacts", Json::array({contact})}, {"messages", Json::array({Json{{"id", id}}})}};
    return {200, write_json(answer), write_json(capture_of(request, id, now))};
}

SimGraphAnswer answer_sim_graph_media(std::string_view authorization, std::string_view content_type, std::string_view body, Random& random) {
    if (auto refusal = refuse_stranger(authorization, random)) return std::move(*refusal);
    if (!content_type.starts_with("multipart/form-data")) return refuse_parameter("The body is not multipart/form-data.", random);
    for (const std::string_view part : {"messaging_product", "file"})
        if (body.find("name=\"" + std::string(part) + "\"") == std::string_view::npos)
            return refuse_parameter("The parameter " + std::string(part) + " is required.", random);
    return {200, write_json(Json{{"id", "sim" + random.word(16)}}), {}};
}

SimGraphAnswer answer_sim_graph_look_up(std::string_view authorization, Random& random) {
    if (auto refusal = refuse_stranger(authorization, random)) return std::move(*refusal);
    return refuse_parameter("There is no object of this id.", random);
}

Delivery read_sim_delivery(std::string_view body, Time received_at) try {
    const Json json = read_json(body);
    if (!json.is_object()) return {{}, "not a JSON object"};
    IncomingMessage message = message_of(json, body, received_at);
    DeliveryItem item{"", "message", Broken{"message has neither a sender nor a recipient"}};
    if (!message.sender.empty() || (!message.group_id.empty() && !message.wants_answer)) item.what = std::move(message);
    return {{std::move(item)}, {}};
} catch (const std::exception& error) {
    return {{}, error.what()};
}

}  // namespace wabot
