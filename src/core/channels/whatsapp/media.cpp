#include "core/channels/whatsapp/media.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/base64.hpp"
#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/json.hpp"
#include "core/base/json_access.hpp"
#include "core/base/version.hpp"
#include "core/channels/whatsapp/content.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;
using Why = MediaRefused::Why;

constexpr int redirects_max = 3;
constexpr auto download_timeout = 120s;  // what did not come by then goes on with the next attempt

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

std::string header_of(const HttpAnswer& answer, std::string_view name) {
    const auto found = std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
    return found == answer.headers.end() ? std::string() : found->second;
}

std::string too_large(std::int64_t size, std::int64_t size_max) {
    return fmt::format("has {} bytes, more than the {} that are fetched", size, size_max);
}

/// Of "bytes 100-199/200": where it begins, and how long the whole is.
struct ContentRange {
    std::int64_t from;
    std::optional<std::int64_t> whole;
};
std::optional<ContentRange> read_content_range(std::string_view text) {
    if (!text.starts_with("bytes ")) return std::nullopt;
    text.remove_prefix(6);
    const auto from = to_number(text.substr(0, text.find('-')));
    const auto slash = text.find('/');
    if (!from || slash == std::string_view::npos) return std::nullopt;
    return ContentRange{*from, to_number(text.substr(slash + 1))};
}

/// Puts the body of a download into the draft; any other body is left to the answer.
class DraftSink final : public AnswerSink {
public:
    DraftSink(std::shared_ptr<BlobDraft> draft, std::int64_t size_max) : draft_(std::move(draft)), size_max_(size_max) {}

    bool wants(const HttpAnswer& head) override {
        if (head.status != 200 && head.status != 206) return false;
        if (head.status == 200) {
            if (draft_->size() > 0) draft_->clear();  // it knows no ranges: all of it comes
            if (const auto length = to_number(header_of(head, "content-length"))) check_size(*length);
            return true;
        }
        const auto range = read_content_range(header_of(head, "content-range"));
        if (!range || range->from != draft_->size()) {
            draft_->clear();
            throw Error(Errc::unavailable, "the server answered with another range than was asked for");
        }
        if (range->whole) check_size(*range->whole);
        return true;
    }

    void take(std::string_view bytes) override {
        check_size(draft_->size() + static_cast<std::int64_t>(bytes.size()));
        draft_->append(bytes);
    }

    /// Once the exchange is over.
    bool was_too_large() const { return was_too_large_; }

private:
    void check_size(std::int64_t size) {
        if (size <= size_max_) return;
        was_too_large_ = true;
        throw Error(Errc::too_large, too_large(size, size_max_));
    }

    const std::shared_ptr<BlobDraft> draft_;
    const std::int64_t size_max_;
    bool was_too_large_ = false;
};

/// Ids go into the path of a URL.
bool is_media_id(std::string_view id) {
    return !id.empty() && id.size() <= 255 && std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    });
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Json parsed_or_null(const std::string& body) {
    try {
        return read_json(body);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

std::string read_media_hash(const std::string& text) {
    constexpr std::size_t bytes = 32;
    if (const auto hex = from_hex(text); hex && hex->size() == bytes) return to_hex(*hex);
    const auto read = from_base64(text);
    return read && read->size() == bytes ? to_hex(*read) : std::string();
}

struct WhatsappMedia::Place {
    std::string url;
    MediaFetched facts;
};

struct WhatsappMedia::Download {
    std::optional<MediaRefused> refused = {};
    bool is_not_there = false;  // the URL has expired, it seems
};

asio::awaitable<std::variant<WhatsappMedia::Place, MediaRefused>> WhatsappMedia::look_up(std::string media_id) {
    HttpRequest request;
    request.url = fmt::format("{}/{}/{}?phone_number_id={}", account_.graph_url, account_.graph_version, media_id, account_.phone_number_id);
    request.headers = {{"Authorization", "Bearer " + account_.access_token}, {"User-Agent", "wabot/" + std::string(version())}};
    const HttpOutcome outcome = co_await http_.exchange(std::move(request));
    if (const auto* failure = std::get_if<HttpFailure>(&outcome)) co_return MediaRefused{Why::passing, "could not be looked up: " + failure->reason};
    const HttpAnswer& answer = std::get<HttpAnswer>(outcome);
    if (answer.status < 200 || answer.status > 299) {
        const SendOutcome meaning = read_whatsapp_answer(answer, clock_.now());
        const auto* refused = std::get_if<NotSent>(&meaning);
        const std::string code = refused == nullptr ? fmt::format("HTTP {}", answer.status) : fmt::format("{} ({})", refused->detail, refused->code);
        const bool for_good = refused != nullptr && refused->why == RetryClass::permanent;
        // Graph says of an id that it does not know, or no more, that the parameter is wrong.
        const bool is_unknown = answer.status == 404 || (for_good && refused->code == "100");
        co_return MediaRefused{is_unknown ? Why::gone : for_good ? Why::failed : Why::passing, "the provider refuses it: " + code};
    }
    const Json body = parsed_or_null(answer.body);
    Place place{text_at(body, "url"), {}};
    if (place.url.empty()) co_return MediaRefused{Why::passing, "the provider's answer names no URL"};
    place.facts.mime_type = text_at(body, "mime_type");
    place.facts.sha256 = read_media_hash(text_at(body, "sha256"));
    place.facts.size = to_number(text_at(body, "file_size"));
    co_return place;
}

std::optional<std::string> WhatsappMedia::refusal_of(const Url& url, const Url& graph) const {
    if (url.has_user) return "its URL holds a user";
    if (url.is_of_origin(graph)) return std::nullopt;
    if (url.scheme != "https") return fmt::format("its URL is of scheme {}, not https", url.scheme);
    if (url.port != "443") return fmt::format("its URL names port {}", url.port);
    if (std::ranges::find(hosts_, url.host) == hosts_.end()) return fmt::format("its URL names the host {}, which is none of media_hosts", url.host);
    return std::nullopt;
}

/// Asks one URL, wherever it leads.
asio::awaitable<HttpOutcome> WhatsappMedia::read(std::string url, bool is_trusted, std::int64_t from, std::shared_ptr<AnswerSink> sink) {
    HttpRequest request;
    request.url = std::move(url);
    request.headers = {{"Authorization", "Bearer " + account_.access_token}, {"User-Agent", "wabot/" + std::string(version())}};
    if (from > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", from));
    request.timeout = download_timeout;
    request.sink = std::move(sink);
    request.public_only = !is_trusted;
    return http_.exchange(std::move(request), {});
}

asio::awaitable<WhatsappMedia::Download> WhatsappMedia::download(std::string text, std::shared_ptr<BlobDraft> draft, std::int64_t size_max) {
    const auto graph = read_url(account_.graph_url);
    std::optional<Url> url = read_url(text);
    for (int hops = 0; hops <= redirects_max; ++hops) {
        if (!url || !graph) co_return Download{MediaRefused{Why::blocked, "its URL cannot be read"}};
        if (const auto refusal = refusal_of(*url, *graph)) co_return Download{MediaRefused{Why::blocked, *refusal}};
        const auto sink = std::make_shared<DraftSink>(draft, size_max);
        const HttpOutcome outcome = co_await read(url->text, url->is_of_origin(*graph), draft->size(), sink);
        if (const auto* failure = std::get_if<HttpFailure>(&outcome)) {
            const bool is_blocked = failure->refused_here || sink->was_too_large();
            co_return Download{MediaRefused{is_blocked ? Why::blocked : Why::passing, failure->reason}};
        }
        const HttpAnswer& answer = std::get<HttpAnswer>(outcome);
        if (answer.status == 200 || answer.status == 206) co_return Download{};
        if (answer.status == 416) {
            draft->clear();  // longer than it ought to be
        } else if (is_redirect(answer.status)) {
            const Url from = *url;
            url = read_url(header_of(answer, "location"), &from);
        } else {
            const bool is_not_there = answer.status == 404 || answer.status == 410;
            co_return Download{MediaRefused{Why::passing, fmt::format("its URL answers HTTP {}", answer.status)}, is_not_there};
        }
    }
    co_return Download{MediaRefused{Why::blocked, fmt::format("its URL leads on more than {} times", redirects_max)}};
}

asio::awaitable<MediaOutcome> WhatsappMedia::fetch(std::string media_id, std::shared_ptr<BlobDraft> draft, std::int64_t size_max) {
    if (!is_media_id(media_id)) co_return MediaRefused{Why::failed, "its id is none of the provider's"};
    for (bool again = false;; again = true) {
        const auto found = co_await look_up(media_id);
        if (const auto* refused = std::get_if<MediaRefused>(&found)) co_return *refused;
        const Place& place = std::get<Place>(found);
        if (place.facts.size && *place.facts.size > size_max) co_return MediaRefused{Why::blocked, too_large(*place.facts.size, size_max)};
        const Download done = co_await download(place.url, draft, size_max);
        if (!done.refused) co_return place.facts;
        // A URL that is not there has expired on the way: the next one is fresh.
        if (!done.is_not_there || again) co_return *done.refused;
    }
}

}  // namespace wabot
