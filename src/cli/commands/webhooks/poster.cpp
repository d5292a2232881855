#include "cli/commands/webhooks/poster.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// Several lanes that take bodies from one source.
class Posting {
public:
    Posting(HttpClient& http, Timers& timers, std::string url, const Pace& pace, const std::function<std::optional<SignedBody>()>& next)
        : http_(http), timers_(timers), url_(std::move(url)), pace_(pace), next_(next) {}

    std::vector<Posted> run() {
        const std::size_t lanes = pace_.per_second ? pace_.in_flight_max : 1;
        for (std::size_t i = 0; i < lanes; ++i)
            asio::co_spawn(context_, lane(), [](std::exception_ptr failure) {
                if (failure) std::rethrow_exception(failure);
            });
        context_.run();
        return std::move(posted_);
    }

private:
    asio::awaitable<void> lane() {
        while (true) {
            auto body = next_();
            if (!body) co_return;
            if (pace_.per_second) {
                const std::chrono::duration<double> since_start(static_cast<double>(taken_++) / *pace_.per_second);
                const auto due = start_ + std::chrono::duration_cast<Steady::duration>(since_start);
                if (due > Steady::now()) co_await timers_.after(due - Steady::now());
            }
            posted_.push_back(co_await post_webhook(http_, url_, std::move(*body), 30s));
        }
    }

    HttpClient& http_;
    Timers& timers_;
    const std::string url_;
    const Pace pace_;
    const std::function<std::optional<SignedBody>()>& next_;
    const Steady::time_point start_ = Steady::now();
    std::size_t taken_ = 0;
    std::vector<Posted> posted_;
    asio::io_context context_{1};
};

}  // namespace

asio::awaitable<Posted> post_webhook(HttpClient& http, std::string url, SignedBody body, std::chrono::milliseconds limit) {
    HttpRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json"}};
    if (!body.signature.empty()) request.headers.push_back({"X-Hub-Signature-256", std::move(body.signature)});
    request.body = std::move(body.bytes);
    request.timeout = limit;
    const auto begin = Steady::now();
    const HttpOutcome outcome = co_await http.exchange(std::move(request));
    Posted posted;
    posted.took = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - begin);
    if (const auto* answer = std::get_if<HttpAnswer>(&outcome))
        posted.status = answer->status;
    else
        posted.failure = std::get<HttpFailure>(outcome).reason;
    co_return posted;
}

std::vector<Posted> post_all(HttpClient& http, Timers& timers, const std::string& url, const Pace& pace,
                             const std::function<std::optional<SignedBody>()>& next) {
    return Posting(http, timers, url, pace, next).run();
}

}  // namespace wabot::cli
