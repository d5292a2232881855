#include "core/http_client/url.hpp"

#include <memory>

#include "core/base/text.hpp"
#include "core/http_client/curl_library.hpp"

namespace wabot {

namespace {

struct FreeUrl {
    void operator()(CURLU* url) const { curl().url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl().url_get(url, part, &text, flags) != CURLUE_OK) return {};
    std::string out(text);
    curl().free(text);
    return out;
}

}  // namespace

std::optional<Url> read_url(const std::string& text, const Url* base) {
    const std::unique_ptr<CURLU, FreeUrl> url(curl().url());
    // Whatever the scheme is: who asks wants to name the one that is refused.
    constexpr unsigned flags = CURLU_NON_SUPPORT_SCHEME;
    if (base != nullptr && curl().url_set(url.get(), CURLUPART_URL, base->text.c_str(), flags) != CURLUE_OK) return std::nullopt;
    if (text.find('\0') != std::string::npos || curl().url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) return std::nullopt;
    Url out;
    out.text = part_of(url.get(), CURLUPART_URL);
    out.scheme = fold_case(part_of(url.get(), CURLUPART_SCHEME));
    out.host = fold_case(part_of(url.get(), CURLUPART_HOST));
    out.port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    out.has_user = !part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty();
    if (out.text.empty() || out.scheme.empty()) return std::nullopt;
    return out;
}

}  // namespace wabot
