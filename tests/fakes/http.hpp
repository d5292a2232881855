#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "core/base/timers.hpp"
#include "core/base/world.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot::test {

/// Answers from a script instead of the network, and remembers what it was asked. Awaits the gate as the real one does.
class FakeHttp final : public HttpClient {
public:
    using Answer = std::function<HttpOutcome(const HttpRequest&)>;

    asio::awaitable<HttpOutcome> exchange(HttpRequest request, BeforeBody before_body) override {
        if (connecting) connecting();
        if (before_body) co_await before_body();
        requests.push_back(request);
        requests.back().sink.reset();  // who gave it waits for it to be free again
        while (hangs && hangs(request)) co_await real_world().timers.after(std::chrono::milliseconds(5));
        Answer answer = otherwise;
        if (!script.empty()) {
            answer = script.front();
            script.pop_front();
        }
        co_return give(request, answer(request));
    }

    /// Through the request's sink, as the real one does.
    static HttpOutcome give(const HttpRequest& request, HttpOutcome outcome) {
        auto* const answer = std::get_if<HttpAnswer>(&outcome);
        if (answer == nullptr || !request.sink) return outcome;
        try {
            HttpAnswer head{answer->status, answer->headers, {}};
            if (!request.sink->wants(head)) return outcome;
            request.sink->take(answer->body);
            return head;
        } catch (const std::exception& error) {
            return HttpFailure{false, error.what()};
        }
    }

    std::function<void()> connecting;               // called with each request, before its gate
    std::function<bool(const HttpRequest&)> hangs;  // asked again and again after the gate: no answer while it says yes
    std::vector<HttpRequest> requests;
    std::deque<Answer> script;  // for the next requests, then
    Answer otherwise;
};

}  // namespace wabot::test
