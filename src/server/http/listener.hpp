#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "server/http/listen_address.hpp"

namespace wabot {

namespace asio = boost::asio;

/// Accepts connections on one or more addresses. All functions but the constructor's run on the context's thread once it runs.
class Listener {
public:
    /// Binds and listens at once, without SO_REUSEPORT, so that the kernel refuses an address that another program answers on:
    /// Error{conflict}. Error{denied} for a port only root may take, Error{unavailable} for an address this machine does not have.
    Listener(asio::io_context& context, const std::vector<ListenAddress>& addresses);

    /// Where it listens, with the port the kernel chose for 0: "127.0.0.1:8000". From any thread.
    const std::vector<std::string>& addresses() const { return addresses_; }

    /// Accepts until close(). The sockets live on the `places` in turn; `take` gets each with the number of its place.
    using Take = std::function<void(std::size_t place, asio::ip::tcp::socket)>;
    void start(std::vector<asio::io_context*> places, Take take);
    void close();

private:
    asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor);

    asio::io_context& context_;
    std::list<asio::ip::tcp::acceptor> acceptors_;
    std::vector<std::string> addresses_;
    std::vector<asio::io_context*> places_;
    std::size_t next_place_ = 0;
    Take take_;
};

}  // namespace wabot
