#include "server/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>

#include "core/base/fault.hpp"
#include "server/body_reader.hpp"

namespace wabot {

using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t one_write_max = 64 * 1024;    // up to here head and body travel in one piece
constexpr std::size_t buffer_kept_max = 64 * 1024;  // a larger buffer is given back after its request
constexpr std::size_t linger_octets_max = 256 * 1024;
constexpr std::chrono::milliseconds linger_time{1'000};

Refusal silence() {
    return Refusal{0, {}};
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), made once a second on each thread.
std::string_view date_now() {
    thread_local std::time_t made = 0;
    thread_local char text[32];
    if (const std::time_t now = std::time(nullptr); now != made) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made = now;
    }
    return text;
}

void give_back(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > buffer_kept_max) buffer.shrink_to_fit();
}

bool ends_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

/// A header of a handler; what could begin a new line is left out.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value)
        if (!ends_line(c)) out += c;
    out.append("\r\n");
}

}  // namespace

std::pair<std::string, bool> describe_peer(const asio::ip::tcp::socket& socket) {
    error_code ec;
    asio::ip::address address = socket.remote_endpoint(ec).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return {address.to_string(), !ec && address.is_loopback()};
}

Connection::Connection(asio::ip::tcp::socket socket, Turnstile::Ticket ticket, Dispatcher& dispatcher, const Limits& limits)
    : socket_(std::move(socket)), ticket_(std::move(ticket)), dispatcher_(dispatcher), limits_(limits) {
    std::tie(peer_, is_loopback_) = describe_peer(socket_);
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
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
    request_.peer = peer_;
    request_.is_loopback = is_loopback_;
}

/// One request and its answer; false when the connection ends with it.
asio::awaitable<bool> Connection::serve_request() {
    begin_request();
    if (const auto refusal = co_await read_head()) {
        co_await refuse(*refusal);
        co_return false;
    }

    BodyReader reader(request_, body_);
    std::optional<Refusal> refusal = reader.read_head(head_);
    dispatcher_.name(request_);
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

/// Moves the octets of the next head from in_ to head_.
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
    if (const auto length = reader.content_length()) body_.reserve(std::min<std::size_t>(*length, buffer_kept_max));
    if (in_.empty() && reader.is_http_1_1() && request_.header_count("Expect") > 0) {
        if (!co_await write_all("HTTP/1.1 100 Continue\r\n\r\n")) co_return silence();
    }

    enter(Stage::body, limits_.body_timeout);
    bool needs_more = in_.empty();
    while (!reader.is_done()) {
        if (needs_more && !co_await read_some()) {
            if (timed_out_) co_return Refusal{408, "the body did not come in time"};
            co_return silence();
        }
        if (auto refusal = reader.read_body(in_)) co_return refusal;
        needs_more = true;
    }
    co_return std::nullopt;
}

/// False when nothing more comes: closed, broken, or past the deadline.
asio::awaitable<bool> Connection::read_some() {
    error_code ec;
    const std::size_t size = co_await socket_.async_read_some(asio::buffer(chunk_), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return false;
    in_.append(chunk_.data(), size);
    co_return true;
}

asio::awaitable<void> Connection::refuse(const Refusal& refusal) {
    if (refusal.status == 0) co_return;
    if (request_.id.empty()) dispatcher_.name(request_);
    const Response response = dispatcher_.refuse(refusal, request_);
    if (co_await write(response, false, request_.method != "HEAD")) co_await linger();
}

asio::awaitable<bool> Connection::write(const Response& response, bool keeps_open, bool has_body) {
    WABOT_FAULT("answer", response.status / 100 == 2 ? request_.id : "");
    give_back(out_);
    out_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason_of(response.status)).append("\r\n");
    if (!response.content_type.empty()) append_header(out_, "Content-Type", response.content_type);
    const bool has_length = response.status != 204 && response.status != 304;
    if (has_length) out_.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    out_.append("X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nDate: ").append(date_now()).append("\r\n");
    append_header(out_, "X-Request-Id", request_.id);
    for (const auto& [name, value] : response.headers) append_header(out_, name, value);
    out_.append(keeps_open ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");

    if (!has_body || !has_length) co_return co_await write_all(out_);
    if (response.body.size() <= one_write_max) {
        out_.append(response.body);
        co_return co_await write_all(out_);
    }
    co_return co_await write_all(out_) && co_await write_all(response.body);
}

/// False when the other side went away or stopped reading.
asio::awaitable<bool> Connection::write_all(std::string_view octets) {
    while (!octets.empty()) {
        enter(Stage::writing, limits_.write_timeout);
        error_code ec;
        const std::size_t size =
            co_await socket_.async_write_some(asio::buffer(octets.data(), octets.size()), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return false;
        octets.remove_prefix(size);
    }
    co_return true;
}

/// Waits a moment for the other side to close. Closing over octets not yet read would reset the connection, and the answer with it.
asio::awaitable<void> Connection::linger() {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    enter(Stage::lingering, linger_time);
    std::size_t total = 0;
    while (total < linger_octets_max && co_await read_some()) {
        total += in_.size();
        in_.clear();
    }
}

}  // namespace wabot
