#include "server/http/connection.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/fault_point.hpp"
#include "server/http/body_reader.hpp"
#include "server/http/client_address.hpp"

namespace wabot {

using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t read_max = 4 * 1024;         // bytes that one read gives
constexpr std::size_t one_write_max = 64 * 1024;   // up to here head and body travel in one piece
constexpr std::size_t buffer_kept_max = 2 * 1024;  // a larger buffer is given back after its request
constexpr int turns_let_pass = 16;                 // of the event loop, before a request that came along with the one before
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::chrono::milliseconds linger_time{1'000};

Refusal silence() {
    return Refusal{0, {}};
}

void give_back(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > buffer_kept_max) buffer.shrink_to_fit();
}

}  // namespace

Peer describe_peer(const asio::ip::tcp::socket& socket, const HttpLimits& limits) {
    error_code ec;
    asio::ip::address address = socket.remote_endpoint(ec).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    Peer peer{.address = address.to_string(), .is_loopback = !ec && address.is_loopback()};
    peer.is_exempt = peer.is_loopback || limits.trusted_proxies.contains(peer.address);
    return peer;
}

Connection::Connection(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket, Dispatcher& dispatcher, const HttpLimits& limits)
    : socket_(std::move(socket)), ticket_(std::move(ticket)), dispatcher_(dispatcher), limits_(limits) {
    peer_ = describe_peer(socket_, limits_);
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
}

void Connection::enter(Stage stage, std::chrono::milliseconds timeout) {
    stage_ = stage;
    deadline_ = steady_clock::now() + timeout;
    timed_out_ = false;
}

void Connection::sweep(steady_clock::time_point now) {
    if (now < deadline_) return;
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored);  // repeated by the next sweep if the socket was not waiting just now
}

void Connection::drain() {
    draining_ = true;
    error_code ignored;
    if (stage_ == Stage::idle) socket_.cancel(ignored);
}

void Connection::abort() {
    error_code ignored;
    socket_.close(ignored);
    cancel_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> Connection::serve() {
    while (!draining_ && co_await serve_request()) first_request_ = false;
    error_code ignored;
    socket_.close(ignored);
}

void Connection::begin_request() {
    give_back(head_);
    give_back(body_);
    request_.headers.clear();  // the vectors keep their room
    request_.query.clear();
    request_.path_parameters.clear();
    request_.id.clear();
    request_.method = request_.target = request_.body = {};
    request_.peer = peer_.address;
    request_.is_loopback = peer_.is_loopback;
    request_.is_exempt = peer_.is_exempt;
    ticket_.hold(0);
}

/// One request and its answer; false when the connection ends with it.
asio::awaitable<bool> Connection::serve_request() {
    begin_request();
    // Who sends many at once lets the others go first: each of their requests takes several turns of the loop.
    if (!in_.empty())
        for (int i = 0; i < turns_let_pass; ++i) co_await asio::post(asio::use_awaitable);
    if (const auto refusal = co_await read_head()) {
        co_await refuse(*refusal);
        co_return false;
    }

    BodyReader reader(request_, body_);
    std::optional<Refusal> refusal = reader.read_head(head_);
    dispatcher_.name(request_);
    if (client_ = forwarded_client(request_, limits_.trusted_proxies); !client_.empty()) {
        request_.peer = client_;
        request_.is_exempt = false;
    }
    if (!refusal) refusal = check_framing(request_, reader.is_http_1_1());
    if (refusal) {
        co_await refuse(*refusal);
        co_return false;
    }

    const auto admission = dispatcher_.admit(request_);
    const bool is_head = request_.method == "HEAD";
    if (const auto* response = std::get_if<Response>(&admission)) {
        const bool keeps_open = reader.is_done() && reader.keep_alive() && !draining_;
        if (co_await write(*response, keeps_open, !is_head) && keeps_open) co_return true;
        co_await linger();
        co_return false;
    }

    const Route& route = *std::get<const Route*>(admission);
    if (!reader.is_done()) {
        if (const auto trouble = co_await read_body(reader, route.body_max)) {
            co_await refuse(*trouble);
            co_return false;
        }
    }
    request_.body = body_;

    stage_ = Stage::handler;
    deadline_ = steady_clock::time_point::max();
    const Response response = co_await dispatcher_.answer(route, request_);
    const bool keeps_open = reader.keep_alive() && !draining_;
    co_return co_await write(response, keeps_open, !is_head) && keeps_open;
}

/// Moves the bytes of the next head from in_ to head_.
asio::awaitable<std::optional<Refusal>> Connection::read_head() {
    enter(in_.empty() ? Stage::idle : Stage::head, in_.empty() && !first_request_ ? limits_.idle_timeout : limits_.head_timeout);
    HeadScanner scanner(limits_);
    for (;;) {
        if (in_.starts_with("\r\n")) in_.erase(0, 2);  // RFC 9112 section 2.2: an empty line before the request line is ignored
        HeadScanner::Outcome outcome = scanner.look(in_);
        if (outcome.refusal) co_return std::move(outcome.refusal);
        if (outcome.length > 0) {
            head_.assign(in_, 0, outcome.length);
            in_.erase(0, outcome.length);
            co_return std::nullopt;
        }
        if (!co_await read_some()) {
            if (timed_out_ && stage_ == Stage::head) co_return Refusal{408, "the head did not come in time"};
            co_return silence();
        }
        if (stage_ == Stage::idle) enter(Stage::head, limits_.head_timeout);
    }
}

/// Reads the rest of the message into body_.
asio::awaitable<std::optional<Refusal>> Connection::read_body(BodyReader& reader, std::size_t body_max) {
    if (auto refusal = reader.expect_body(body_max)) co_return refusal;
    if (const auto length = reader.content_length()) body_.reserve(std::min<std::size_t>(*length, limits_.body_free));  // the rest once it is here
    if (in_.empty() && reader.is_http_1_1() && request_.header_count("Expect") > 0) {
        if (!co_await write_all("HTTP/1.1 100 Continue\r\n\r\n")) co_return silence();
    }

    const auto begin = steady_clock::now();
    bool needs_more = in_.empty();
    while (!reader.is_done()) {
        // What is done in its time lasts; what drips in ends after the grace.
        const auto allowed = limits_.body_grace + std::chrono::milliseconds(1000 * body_.size() / limits_.body_rate_min);
        enter(Stage::body, std::min<std::chrono::milliseconds>(allowed, limits_.body_timeout));
        deadline_ -= steady_clock::now() - begin;
        if (needs_more && !co_await read_some()) {
            if (timed_out_) co_return Refusal{408, "the body did not come in time"};
            co_return silence();
        }
        if (auto refusal = reader.read_body(in_)) co_return refusal;
        if (!ticket_.hold(body_.capacity() - std::min(body_.capacity(), limits_.body_free)))
            co_return Refusal{503, "there is no room for more bodies just now"};
        needs_more = true;
    }
    co_return std::nullopt;
}

/// False when nothing more comes: closed, broken, or past the deadline.
asio::awaitable<bool> Connection::read_some() {
    thread_local std::array<char, read_max> bytes;  // of none while it waits: thousands may
    for (;;) {
        error_code ec;
        const std::size_t size = socket_.read_some(asio::buffer(bytes), ec);
        if (!ec) {
            in_.append(bytes.data(), size);
            co_return true;
        }
        if (in_.empty()) give_back(in_);
        if (ec == asio::error::would_block)
            co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return false;
    }
}

asio::awaitable<void> Connection::refuse(const Refusal& refusal) {
    give_back(in_);
    give_back(body_);
    ticket_.hold(0);
    if (refusal.status == 0) co_return;
    if (request_.id.empty()) dispatcher_.name(request_);
    const Response response = dispatcher_.refuse(refusal, request_);
    if (co_await write(response, false, request_.method != "HEAD")) co_await linger();
}

asio::awaitable<bool> Connection::write(const Response& response, bool keeps_open, bool has_body) {
    WABOT_FAULT("answer", response.status / 100 == 2 ? request_.id : "");
    give_back(out_);
    append_head(out_, response, request_.id, keeps_open);
    if (!has_body || !may_have_body(response)) co_return co_await write_all(out_);
    if (response.body.size() <= one_write_max) {
        out_.append(response.body);
        co_return co_await write_all(out_);
    }
    co_return co_await write_all(out_) && co_await write_all(response.body);
}

/// False when the other side went away or stopped reading.
asio::awaitable<bool> Connection::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        enter(Stage::writing, limits_.write_timeout);
        error_code ec;
        const std::size_t size =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return false;
        bytes.remove_prefix(size);
    }
    co_return true;
}

/// Waits a moment for the other side to close. Closing over bytes not yet read would reset the connection, and the answer with it.
asio::awaitable<void> Connection::linger() {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    enter(Stage::lingering, linger_time);
    std::size_t total = 0;
    while (total < linger_bytes_max && co_await read_some()) {
        total += in_.size();
        in_.clear();
    }
}

}  // namespace wabot
