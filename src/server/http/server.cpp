#include "server/http/server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "core/telemetry/metrics.hpp"
#include "server/http/io_loop.hpp"
#include "server/http/listener.hpp"

namespace wabot {

namespace {

constexpr std::chrono::milliseconds cancelled_time{1'000};  // for cancelled requests to unwind

std::size_t thread_count(std::size_t wanted) {
    return wanted > 0 ? wanted : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 2);
}

std::vector<ListenAddress> read_all(const std::vector<std::string>& texts) {
    std::vector<ListenAddress> out;
    for (const std::string& text : texts) out.push_back(read_listen_address(text));
    return out;
}

/// Said on the bare socket: there is no room for a connection that waits until the client listens.
void turn_away(asio::ip::tcp::socket socket, const Refusal& refusal, Dispatcher& dispatcher) {
    Request unread;
    dispatcher.name(unread);
    const Response response = dispatcher.refuse(refusal, unread);
    std::string text;
    append_head(text, response, unread.id, false);
    text += response.body;
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    // Closing over bytes not read resets the connection, and may take the answer along: those that are here are read.
    std::array<char, 4096> bytes;
    socket.read_some(asio::buffer(bytes), ignored);
}

}  // namespace

struct Server::Parts {
    Parts(ServerOptions given, Services& services, Metrics& metrics, Random& random, std::span<const RouteTable> tables)
        : options(std::move(given)),
          accepted(metrics.counter("wabot_http_connections_total", "Connections accepted")),
          rejected(metrics.counter("wabot_http_connections_rejected_total", "Connections beyond the limits")),
          dispatcher(tables, services, metrics, random),
          limiter(options.limits, metrics.gauge("wabot_http_connections", "Open connections")) {
        for (std::size_t i = 0; i < thread_count(options.io_threads); ++i) loops.push_back(std::make_unique<IoLoop>(dispatcher, options.limits));
        listener = std::make_unique<Listener>(loops[0]->context(), read_all(options.listen));
    }

    ~Parts() {
        for (const auto& loop : loops) loop->stop();
    }

    void take(std::size_t place, asio::ip::tcp::socket socket) {
        const Peer peer = describe_peer(socket, options.limits);
        auto [answer, slot] = limiter.enter(peer.is_exempt ? std::string() : counted_address(peer.address));
        accepted.add();
        if (answer == ConnectionLimiter::Answer::accepted) {
            loops[place]->take(std::move(socket), std::move(slot));
        } else {
            rejected.add();
            const bool is_full = answer == ConnectionLimiter::Answer::full;
            turn_away(std::move(socket),
                      is_full ? Refusal{503, "there are too many connections"} : Refusal{429, "there are too many connections from this address"},
                      dispatcher);
        }
    }

    ServerOptions options;
    Metrics::Counter accepted;
    Metrics::Counter rejected;
    Dispatcher dispatcher;
    ConnectionLimiter limiter;
    std::vector<std::unique_ptr<IoLoop>> loops;
    std::unique_ptr<Listener> listener;  // on the first loop
};

Server::Server(ServerOptions options, Services& services, Metrics& metrics, Random& random, std::span<const RouteTable> tables)
    : parts_(std::make_unique<Parts>(std::move(options), services, metrics, random, tables)) {}

Server::~Server() = default;

std::vector<std::string> Server::addresses() const {
    return parts_->listener->addresses();
}

void Server::start() {
    Parts* parts = parts_.get();
    std::vector<asio::io_context*> places;
    for (const auto& loop : parts->loops) places.push_back(&loop->context());
    parts->listener->start(std::move(places), [parts](std::size_t place, asio::ip::tcp::socket socket) { parts->take(place, std::move(socket)); });
    for (const auto& loop : parts->loops) loop->start();
}

bool Server::drain(std::chrono::milliseconds grace) {
    const auto deadline = std::chrono::steady_clock::now() + grace;
    std::promise<void> closed;
    const std::future<void> is_closed = closed.get_future();
    asio::post(parts_->loops[0]->context(), [listener = parts_->listener.get(), closed = std::move(closed)]() mutable {
        listener->close();
        closed.set_value();
    });
    is_closed.wait();
    for (const auto& loop : parts_->loops) loop->drain();
    if (parts_->limiter.wait_until_empty(deadline)) return true;
    for (const auto& loop : parts_->loops) loop->abort();
    parts_->limiter.wait_until_empty(std::chrono::steady_clock::now() + cancelled_time);
    return false;
}

void Server::stop() {
    for (const auto& loop : parts_->loops) loop->stop();
}

std::size_t Server::io_threads() const {
    return parts_->loops.size();
}

asio::any_io_executor Server::executor(std::size_t io_thread) {
    return parts_->loops.at(io_thread)->context().get_executor();
}

}  // namespace wabot
