#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/timers.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot::cli {

/// A webhook as it is put on the wire.
struct SignedBody {
    std::string bytes;
    std::string signature;  // X-Hub-Signature-256
};

/// What came back.
struct Posted {
    int status = 0;  // 0: no answer
    std::string failure;
    std::chrono::microseconds took{};
};

/// Posts one webhook and waits at most `limit` for the answer.
asio::awaitable<Posted> post_webhook(HttpClient& http, std::string url, SignedBody body, std::chrono::milliseconds limit);

struct Pace {
    std::optional<double> per_second;  // none: one after the other, as fast as they are answered
    std::size_t in_flight_max = 64;    // with a rate
};

/// Posts what `next` gives until it gives no more; the answers in the order in which they came. Blocking.
std::vector<Posted> post_all(HttpClient& http, Timers& timers, const std::string& url, const Pace& pace,
                             const std::function<std::optional<SignedBody>()>& next);

}  // namespace wabot::cli
