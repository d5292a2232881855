#pragma once

#include <string>
#include <vector>

#include "core/channels/media_source.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/http_client/url.hpp"

namespace wabot {

/// Media of the Cloud API: an id is looked up for a URL that is good for five minutes, which is read with the account's token ("Media" reference).
/// The URL is untrusted input: it must be of Graph's own origin, or https on one of `hosts`, where nothing but the public Internet is connected
/// to.
class WhatsappMedia : public MediaSource {
public:
    WhatsappMedia(WhatsappAccount account, std::vector<std::string> hosts, HttpClient& http, const Clock& clock)
        : account_(std::move(account)), hosts_(std::move(hosts)), http_(http), clock_(clock) {}

    asio::awaitable<MediaOutcome> fetch(std::string media_id, std::shared_ptr<BlobDraft> draft, std::int64_t size_max) override;

private:
    struct Place;
    struct Download;
    asio::awaitable<std::variant<Place, MediaRefused>> look_up(std::string media_id);
    asio::awaitable<HttpOutcome> read(std::string url, bool is_trusted, std::int64_t from, std::shared_ptr<AnswerSink> sink);
    asio::awaitable<Download> download(std::string url, std::shared_ptr<BlobDraft> draft, std::int64_t size_max);
    std::optional<std::string> refusal_of(const Url& url, const Url& graph) const;

    const WhatsappAccount account_;
    const std::vector<std::string> hosts_;
    HttpClient& http_;
    const Clock& clock_;
};

}  // namespace wabot
