#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "core/channels/whatsapp/content.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"

namespace wabot {

namespace {

/// The object of the message's kind, under the name of the kind.
Json object_of(const Outgoing& message) {
    if (message.kind != ContentKind::text) return content::whatsapp_object(message.kind, message.object, message.reply_to);
    Json text{{"body", message.text}};
    if (!message.object.empty()) text.update(read_json(message.object));
    return text;
}

/// What is plainly wrong with the message, before anything is asked of the provider.
std::optional<NotSent> refusal_of(const Outgoing& message, std::size_t length_max) {
    if (message.to.empty() && message.group_id.empty()) return NotSent{RetryClass::permanent, {}, "no_recipient", "the message has no recipient"};
    if (message.kind == ContentKind::reaction && message.reply_to.empty())
        return NotSent{RetryClass::permanent, {}, "no_message", "the provider has no id of the message that is reacted to"};
    if (message.kind != ContentKind::text) return std::nullopt;
    if (message.text.empty()) return NotSent{RetryClass::permanent, {}, "no_text", "the message has no text"};
    if (count_code_points(message.text) > length_max) return NotSent{RetryClass::permanent, {}, "too_long", "the text is too long for one send"};
    return std::nullopt;
}

}  // namespace

std::string compose_whatsapp_message(const Outgoing& message) {
    Json body{{"messaging_product", "whatsapp"}, {"recipient_type", message.group_id.empty() ? "individual" : "group"}};
    if (!message.group_id.empty())
        body["to"] = message.group_id;
    else if (!message.to.phone.empty())
        body["to"] = message.to.phone;
    else
        body["recipient"] = message.to.user_id;
    const std::string type(to_word(message.kind));
    body["type"] = type;
    body[type] = object_of(message);
    if (!message.reply_to.empty() && message.kind != ContentKind::reaction) body["context"]["message_id"] = message.reply_to;
    if (!message.callback_token.empty()) body["biz_opaque_callback_data"] = message.callback_token;
    return write_json(body);
}

HttpRequest WhatsappChannel::request_to(std::string_view edge, std::string content_type) const {
    HttpRequest request;
    request.method = "POST";
    request.url = account_.graph_url + "/" + account_.graph_version + "/" + account_.phone_number_id + "/" + std::string(edge);
    request.headers = {{"Authorization", "Bearer " + account_.access_token},
                       {"Content-Type", std::move(content_type)},
                       {"User-Agent", "wabot/" + std::string(version())}};
    return request;
}

asio::awaitable<SendOutcome> WhatsappChannel::send(const Outgoing& message, HandOver& gate) {
    if (auto refusal = refusal_of(message, text_length_max())) co_return std::move(*refusal);

    HttpRequest request = request_to("messages", "application/json");
    request.body = compose_whatsapp_message(message);
    BeforeBody before_body = [&gate] { return gate.commit(); };
    const HttpOutcome outcome = co_await http_.exchange(std::move(request), std::move(before_body));

    if (const auto* answer = std::get_if<HttpAnswer>(&outcome)) co_return read_whatsapp_answer(*answer, clock_.now());
    const auto& failure = std::get<HttpFailure>(outcome);
    if (failure.offered) co_return Uncertain{failure.reason};
    co_return NotSent{RetryClass::transient, {}, "connect", failure.reason};
}

asio::awaitable<std::optional<NotSent>> WhatsappChannel::mark_read(std::string provider_id, bool typing) {
    Json body{{"messaging_product", "whatsapp"}, {"status", "read"}, {"message_id", provider_id}};
    if (typing) body["typing_indicator"] = {{"type", "text"}};
    HttpRequest request = request_to("messages", "application/json");
    request.body = write_json(body);
    const HttpOutcome outcome = co_await http_.exchange(std::move(request));
    if (const auto* failure = std::get_if<HttpFailure>(&outcome)) co_return NotSent{RetryClass::transient, {}, "connect", failure->reason};
    const auto& answer = std::get<HttpAnswer>(outcome);
    if (answer.status >= 200 && answer.status <= 299) co_return std::nullopt;
    const SendOutcome refusal = read_whatsapp_answer(answer, clock_.now());
    if (const auto* refused = std::get_if<NotSent>(&refusal)) co_return *refused;
    co_return NotSent{RetryClass::transient, {}, "http_" + std::to_string(answer.status), std::get<Uncertain>(refusal).detail};
}

}  // namespace wabot
