#include "server/http/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace wabot {

using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int backlog = 4096;
constexpr int accepted_at_once = 128;
// Bytes of unread answers, twice that with the kernel's own share; by default the kernel lets them grow to megabytes.
constexpr int send_buffer = 32 * 1024;

std::string text_of(const tcp::endpoint& endpoint) {
    return to_text({endpoint.address().to_string(), endpoint.port()});
}

[[noreturn]] void refuse(const error_code& cause, const ListenAddress& address) {
    const std::string where = to_text(address);
    if (cause == asio::error::address_in_use)
        throw Error(
            Errc::conflict, where + " is in use by another program",
            "stop that program, or listen on another port: --listen " + to_text({address.host, static_cast<std::uint16_t>(address.port + 1)}));
    if (cause == asio::error::access_denied)
        throw Error(Errc::denied, "may not listen on " + where, "choose a port above 1023, or grant CAP_NET_BIND_SERVICE");
    const bool is_name_unknown = cause.category() == asio::error::get_netdb_category();
    throw Error(is_name_unknown ? Errc::invalid : Errc::unavailable, "cannot listen on " + where + ": " + cause.message());
}

std::vector<tcp::endpoint> resolve(asio::io_context& context, const ListenAddress& address) {
    error_code cause;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, cause);
    if (cause) refuse(cause, address);
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    return endpoints;
}

/// Whether `endpoint` is every address of IPv6, and every address of IPv4 is listened on as well: the kernel would give it both, and refuse
/// the port to the other.
bool is_ipv6_alone(const tcp::endpoint& endpoint, const std::vector<ListenAddress>& addresses) {
    const auto is_ipv4_counterpart = [&](const ListenAddress& other) { return other.host == "0.0.0.0" && other.port == endpoint.port(); };
    return endpoint.address().is_v6() && endpoint.address().is_unspecified() && std::ranges::any_of(addresses, is_ipv4_counterpart);
}

tcp::acceptor open_acceptor(asio::io_context& context, const tcp::endpoint& endpoint, bool ipv6_alone, error_code& cause) {
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), cause);
    if (!cause && ipv6_alone) acceptor.set_option(asio::ip::v6_only(true), cause);
    if (!cause) acceptor.set_option(tcp::acceptor::reuse_address(true), cause);            // else a restart waits for TIME_WAIT
    if (!cause) acceptor.set_option(tcp::acceptor::send_buffer_size(send_buffer), cause);  // each connection inherits it
    if (!cause) acceptor.bind(endpoint, cause);
    if (!cause) acceptor.listen(backlog, cause);
    return acceptor;
}

}  // namespace

Listener::Listener(asio::io_context& context, const std::vector<ListenAddress>& addresses) : context_(context) {
    for (const ListenAddress& address : addresses) {
        error_code missing;  // a name may stand for IPv6 too, on a machine without it
        bool listens = false;
        for (const tcp::endpoint& endpoint : resolve(context, address)) {
            error_code cause;
            tcp::acceptor acceptor = open_acceptor(context, endpoint, is_ipv6_alone(endpoint, addresses), cause);
            if (cause == boost::system::errc::address_not_available || cause == asio::error::address_family_not_supported) {
                missing = cause;
                continue;
            }
            if (cause) refuse(cause, address);
            addresses_.push_back(text_of(acceptor.local_endpoint()));
            acceptors_.push_back(std::move(acceptor));
            listens = true;
        }
        if (!listens) refuse(missing, address);
    }
}

void Listener::start(std::vector<asio::io_context*> places, Take take) {
    places_ = std::move(places);
    take_ = std::move(take);
    for (tcp::acceptor& acceptor : acceptors_) {
        asio::co_spawn(context_, accept(acceptor), [](std::exception_ptr thrown) {
            try {
                if (thrown) std::rethrow_exception(thrown);
            } catch (const std::exception& error) {
                log::error("no longer accepting connections", {{"cause", error.what()}});
            }
        });
    }
}

void Listener::close() {
    error_code ignored;
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
}

asio::awaitable<void> Listener::accept(tcp::acceptor& acceptor) {
    asio::steady_timer pause(context_);
    acceptor.non_blocking(true);
    bool is_failing = false;
    while (acceptor.is_open()) {
        error_code cause;
        co_await acceptor.async_wait(tcp::acceptor::wait_read, asio::redirect_error(asio::use_awaitable, cause));
        // All that wait: one for each turn of a busy loop would keep the last of a crowd for seconds.
        for (int i = 0; i < accepted_at_once && !cause; ++i) {
            const std::size_t place = next_place_++ % places_.size();
            tcp::socket socket(*places_[place]);
            acceptor.accept(socket, cause);
            if (cause) break;
            is_failing = false;
            take_(place, std::move(socket));
        }
        const bool is_harmless = !cause || cause == asio::error::would_block || cause == asio::error::connection_aborted;
        if (is_harmless || !acceptor.is_open()) continue;
        if (!std::exchange(is_failing, true)) log::warning("cannot accept connections", {{"cause", cause.message()}});
        pause.expires_after(std::chrono::milliseconds(100));  // out of descriptors or memory: others must close first
        co_await pause.async_wait(asio::use_awaitable);
    }
}

}  // namespace wabot
