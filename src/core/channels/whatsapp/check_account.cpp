#include "core/channels/whatsapp/check_account.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/rate_limited.hpp"
#include "core/base/version.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"

namespace wabot {

asio::awaitable<void> check_whatsapp_account(HttpClient& http, DeviceOptions options, std::string access_token, const Clock& clock,
                                             std::chrono::milliseconds limit) {
    static constexpr std::string_view way_out = "--no-verify leaves the question for later";
    HttpRequest request;
    request.url = fmt::format("{}/{}/{}?fields=id", options.graph_url, options.graph_version, options.phone_number_id);
    request.connect_timeout = std::min(request.connect_timeout, limit);
    request.timeout = limit;
    request.headers = {{"Authorization", "Bearer " + access_token}, {"User-Agent", "wabot/" + std::string(version())}};
    const HttpOutcome outcome = co_await http.exchange(std::move(request));

    if (const auto* failure = std::get_if<HttpFailure>(&outcome))
        throw Error(Errc::unavailable, "the provider could not be asked about the account: " + failure->reason, std::string(way_out));
    const SendOutcome meaning = read_whatsapp_answer(std::get<HttpAnswer>(outcome), clock.now());
    const auto* refused = std::get_if<NotSent>(&meaning);
    if (refused == nullptr) co_return;
    constexpr std::chrono::seconds usual_wait{60};
    const bool is_limit = refused->why == RetryClass::throughput || refused->why == RetryClass::rate_limited;
    if (is_limit)
        throw RateLimited(fmt::format("the provider answers no more questions for now: {} ({})", refused->detail, refused->code),
                          refused->retry_after.value_or(usual_wait), std::string(way_out));
    const bool for_good = refused->why == RetryClass::account || refused->why == RetryClass::permanent;
    throw Error(for_good ? Errc::rejected : Errc::unavailable,
                fmt::format("the provider refuses the account: {} ({})", refused->detail, refused->code), std::string(way_out));
}

}  // namespace wabot
