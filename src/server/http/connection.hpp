#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "server/http/connection_limiter.hpp"
#include "server/http/dispatcher.hpp"
#include "server/http/framing.hpp"
#include "server/http/http_limits.hpp"

namespace wabot {

class BodyReader;

/// Who is at the other end of a socket.
struct Peer {
    std::string address;  // an IPv4 address that came over IPv6 is shown as the former
    bool is_loopback = false;
    bool is_exempt = false;  // from limits by address
};
Peer describe_peer(const asio::ip::tcp::socket& socket, const HttpLimits& limits);

/// One client's connection: HTTP/1.1, one request at a time. Everything runs on the thread of the socket's executor.
class Connection {
public:
    Connection(asio::ip::tcp::socket socket, ConnectionLimiter::Slot ticket, Dispatcher& dispatcher, const HttpLimits& limits);

    /// Answers requests until either side has enough. Ends by itself after drain() or a passed deadline.
    asio::awaitable<void> serve();

    /// Ends what has passed its deadline.
    void sweep(std::chrono::steady_clock::time_point now);
    /// Lets the running request finish, with `Connection: close`; ends at once when there is none.
    void drain();
    /// Cuts everything short.
    void abort();

    asio::cancellation_slot cancellation_slot() { return cancel_.slot(); }

private:
    /// What the socket waits for; while a handler works it waits for nothing.
    enum class Stage { idle, head, body, handler, writing, lingering };

    void enter(Stage stage, std::chrono::milliseconds timeout);
    void begin_request();
    asio::awaitable<bool> serve_request();
    asio::awaitable<std::optional<Refusal>> read_head();
    asio::awaitable<std::optional<Refusal>> read_body(BodyReader& reader, std::size_t body_max);
    asio::awaitable<bool> read_some();
    asio::awaitable<void> refuse(const Refusal& refusal);
    asio::awaitable<bool> write(const Response& response, bool keeps_open, bool has_body);
    asio::awaitable<bool> write_all(std::string_view bytes);
    asio::awaitable<void> linger();

    asio::ip::tcp::socket socket_;
    ConnectionLimiter::Slot ticket_;
    Dispatcher& dispatcher_;
    const HttpLimits& limits_;
    asio::cancellation_signal cancel_;

    Peer peer_;
    std::string client_;  // behind a trusted proxy

    Stage stage_ = Stage::idle;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    bool timed_out_ = false;
    bool draining_ = false;
    bool first_request_ = true;

    std::string in_;    // read and not yet understood
    std::string head_;  // the views of request_ point here and into body_
    std::string body_;
    std::string out_;
    Request request_;
};

}  // namespace wabot
