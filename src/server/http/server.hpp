#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/http/http_limits.hpp"
#include "server/http/router.hpp"

namespace wabot {

class Metrics;
class Random;

struct ServerOptions {
    std::vector<std::string> listen = {"127.0.0.1:8000"};  // read_listen_address() reads them; port 0 takes a free one
    std::size_t io_threads = 0;                            // 0: as many as cores, at most two
    HttpLimits limits = {};
};

/// The HTTP server: io threads, listener, and the way from request to answer. Services, metrics and random outlive it. Handlers run on the io
/// threads.
class Server {
public:
    /// Binds every address at once; throws as read_listen_address() and Listener do. Nothing is answered before start().
    Server(ServerOptions options, Services& services, Metrics& metrics, Random& random, std::span<const RouteTable> tables);
    ~Server();

    /// Where it listens, with real ports.
    std::vector<std::string> addresses() const;

    void start();

    /// Of a started server: refuses new connections at once, lets running requests finish with `Connection: close`, ends idle connections. Blocks
    /// until all are gone, at most for `grace`; then cancels the rest. True when nothing had to be cancelled.
    bool drain(std::chrono::milliseconds grace);

    /// Ends the io threads. Requests still running are left where they wait, and destroyed with the server: end the threads that would resume
    /// them (the database's) in between.
    void stop();

    /// The loops of the io threads, for others who want to run there.
    std::size_t io_threads() const;
    asio::any_io_executor executor(std::size_t io_thread);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace wabot
