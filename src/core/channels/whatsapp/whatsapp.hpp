#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/channels/channel.hpp"
#include "core/channels/delivery.hpp"
#include "core/http_client/http_client.hpp"

/// The WhatsApp Business Cloud API. Facts about it come from Meta's reference pages (webhooks, send messages, error codes) and the OpenAPI
/// document business-messaging-api v23.0.
namespace wabot {

/// What a webhook body says, item by item. Pure; never throws, whatever the body is. Unknown properties are ignored, unknown types and fields
/// kept by their name. An item that cannot be read is Broken among the others; a body that is not ours or no JSON is `unreadable`.
Delivery read_whatsapp_delivery(std::string_view body, Time received_at);

/// Whether `X-Hub-Signature-256` is that of these very bytes: "sha256=" and 64 hexadecimal digits of HMAC-SHA256 under the app secret.
/// False for an empty secret. Compares in constant time.
bool whatsapp_signature_matches(std::string_view header_value, std::string_view body, std::string_view app_secret);

/// The challenge to echo when Meta verifies the endpoint; nullopt = refuse. `query` holds the decoded parameters in their order: each of
/// hub.mode, hub.challenge (1 to 256 bytes; more are Error{bad_request} once the rest is right) and hub.verify_token exactly once. An empty token in
/// `verify_tokens` never matches.
std::optional<std::string> whatsapp_challenge(const std::vector<std::pair<std::string, std::string>>& query,
                                              std::span<const std::string> verify_tokens);

struct WhatsappAccount {
    std::string graph_url = "https://graph.facebook.com";  // without a slash at its end
    std::string graph_version = "v24.0";
    std::string phone_number_id;
    std::string access_token;
};

class WhatsappChannel : public Channel {
public:
    WhatsappChannel(WhatsappAccount account, HttpClient& http, const Clock& clock, Random& random)
        : account_(std::move(account)), http_(http), clock_(clock), random_(random) {}

    asio::awaitable<SendOutcome> send(const Outgoing& message, HandOver& gate) override;
    asio::awaitable<UploadOutcome> upload(Upload file) override;
    asio::awaitable<std::optional<NotSent>> mark_read(std::string provider_id, bool typing) override;
    std::size_t text_length_max() const override { return 4096; }

private:
    HttpRequest request_to(std::string_view edge, std::string content_type) const;

    const WhatsappAccount account_;
    HttpClient& http_;
    const Clock& clock_;
    Random& random_;
};

/// The body of a send, as the Graph API takes it.
std::string compose_whatsapp_message(const Outgoing& message);

/// What Meta's answer to a send means. `now` is for a Retry-After that names a date.
SendOutcome read_whatsapp_answer(const HttpAnswer& answer, Time now);
/// The same of an upload.
UploadOutcome read_whatsapp_upload_answer(const HttpAnswer& answer, Time now);

}  // namespace wabot
