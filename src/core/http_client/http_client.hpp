#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wabot {

namespace asio = boost::asio;

/// Gives the body of a request as it goes out, instead of `HttpRequest::body`: for what is too large to be held. Read once, by the client's thread,
/// which it must not hold up for long; what it throws ends the exchange, and its text is the reason of the HttpFailure.
class BodySource {
public:
    virtual ~BodySource() = default;
    virtual std::size_t size() const = 0;
    /// The next bytes, at most all of `to` and at least one.
    virtual std::size_t read(std::span<char> to) = 0;
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
};

/// Takes the body of an answer as it comes, instead of `HttpAnswer::body`. Called by the client's thread, which it must not hold up; what it throws
/// ends the exchange, and its text is the reason of the HttpFailure.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    /// Called once, with the head: whether the body is taken here. One that is not is `HttpAnswer::body`.
    virtual bool wants(const HttpAnswer& head) = 0;
    virtual void take(std::string_view bytes) = 0;
};

struct HttpRequest {
    std::string method = "GET";
    std::string url;  // http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds timeout{30'000};  // of the whole exchange, the wait for `before_body` excepted
    std::size_t answer_max = 1024 * 1024;       // a longer answer is cut off and counts as no answer; what a sink takes is its own to count
    std::shared_ptr<AnswerSink> sink = {};
    std::shared_ptr<BodySource> source = {};
    /// For a URL that others made: no connection to an address that is not on the public Internet (public_address.hpp). Where the environment names a
    /// proxy it is the proxy that connects, and has to look.
    bool public_only = false;
};

/// No clear answer. `offered` says whether any byte of the body may have reached the other side.
struct HttpFailure {
    bool offered = false;
    std::string reason;         // "could not connect", "connection closed before an answer", ...: never the URL's credentials or the body
    bool refused_here = false;  // by `public_only`: nothing was connected
};

using HttpOutcome = std::variant<HttpAnswer, HttpFailure>;

/// Awaited at most once, when the connection (TLS included) is up and before the first body byte; when it throws, no body is sent and the
/// exception comes out of `exchange`. The head may be on its way before; a server may refuse by it alone, before or while this is awaited.
/// Needs a body to hold back: Error{bug} otherwise.
using BeforeBody = std::function<asio::awaitable<void>()>;

/// The one outgoing HTTP client. Never follows redirects, never repeats a request by itself, sends no `Expect`. Any thread may call it; the
/// coroutine resumes on its own executor. At most `in_flight_max` exchanges at a time, the rest wait their turn, which no timeout counts.
/// Cancelling the awaiting coroutine does not end an exchange: it would lose what became of the body. Its own time limits do.
///
/// Destroying the client ends what is under way with HttpFailure and posts each waiting coroutine to its executor; it touches none afterwards.
/// So it goes before the io_contexts that its callers run on.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    virtual asio::awaitable<HttpOutcome> exchange(HttpRequest request, BeforeBody before_body = {}) = 0;
};

/// Error{unavailable} with the way out when no request can be made here because a library is missing. `exchange` answers HttpFailure then.
void require_http_library();

std::unique_ptr<HttpClient> open_http_client(std::size_t in_flight_max = 256);

}  // namespace wabot
