#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/error.hpp"
#include "core/http_client/curl_loop.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

namespace {

/// Gives the transfer up when the coroutine ends without having settled it: the gate threw, or the frame was destroyed while it waited there.
class Settling {
public:
    Settling(CurlLoop& loop, const std::shared_ptr<CurlTransfer>& transfer) : loop_(loop), transfer_(transfer) {}
    Settling(const Settling&) = delete;
    Settling& operator=(const Settling&) = delete;
    ~Settling() {
        if (!settled_) loop_.order(CurlLoop::Verb::give_up, transfer_);
    }
    void settled() { settled_ = true; }

private:
    CurlLoop& loop_;
    const std::shared_ptr<CurlTransfer>& transfer_;
    bool settled_ = false;
};

/// Holds the loop and the transfer itself, so that it may outlive the client.
asio::awaitable<HttpOutcome> carry_out(std::shared_ptr<CurlLoop> loop, HttpRequest request, BeforeBody before_body) {
    const auto transfer = std::make_shared<CurlTransfer>(std::move(request), static_cast<bool>(before_body));
    Settling settling(*loop, transfer);
    loop->order(CurlLoop::Verb::begin, transfer);
    if (before_body) {
        co_await transfer->past(CurlTransfer::Stage::running);
        if (transfer->stage() == CurlTransfer::Stage::at_gate) {
            co_await before_body();
            loop->order(CurlLoop::Verb::open_gate, transfer);
        }
    }
    co_await transfer->past(CurlTransfer::Stage::at_gate);
    settling.settled();
    co_return transfer->take_outcome();
}

class CurlClient : public HttpClient {
public:
    explicit CurlClient(std::size_t in_flight_max) : loop_(std::make_shared<CurlLoop>(in_flight_max)) {}
    ~CurlClient() override { loop_->stop(); }

    asio::awaitable<HttpOutcome> exchange(HttpRequest request, BeforeBody before_body) override {
        if (before_body && request.body.empty() && !request.source) throw Error(Errc::bug, "a request without a body has nothing to hold back");
        return without_cancellation(carry_out(loop_, std::move(request), std::move(before_body)));
    }

private:
    /// A caller's deadline must not end the wait between "body offered" and "what became of it": the request has time limits of its own.
    static asio::awaitable<HttpOutcome> without_cancellation(asio::awaitable<HttpOutcome> work) {
        const auto executor = co_await asio::this_coro::executor;
        co_return co_await asio::co_spawn(executor, std::move(work), asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    }

    const std::shared_ptr<CurlLoop> loop_;
};

}  // namespace

void require_http_library() {
    curl();
}

std::unique_ptr<HttpClient> open_http_client(std::size_t in_flight_max) {
    return std::make_unique<CurlClient>(in_flight_max);
}

}  // namespace wabot
