#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/telemetry/metrics.hpp"
#include "server/http/listen_address.hpp"
#include "server/http/server.hpp"
#include "server/services.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using test::FakeWorld;
using namespace std::chrono_literals;
using asio::ip::tcp;
using boost::system::error_code;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// Holds a handler until the test lets it go on.
struct Gate {
    std::promise<void> entered;
    std::promise<asio::steady_timer*> timer;

    asio::awaitable<void> wait() {
        asio::steady_timer blocker(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
        timer.set_value(&blocker);
        entered.set_value();
        error_code ignored;
        co_await blocker.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    void open() {
        asio::steady_timer* blocker = timer.get_future().get();
        asio::post(blocker->get_executor(), [blocker] { blocker->cancel(); });
    }
};

Gate* gate = nullptr;  // a handler is a plain function

asio::awaitable<Response> hello(const Request&, Services&) {
    co_return Response::text("hello");
}
asio::awaitable<Response> wait_at_gate(const Request&, Services&) {
    co_await gate->wait();
    co_return Response::text("waited");
}
asio::awaitable<Response> echo(const Request& request, Services&) {
    co_return Response::text(std::string(request.body) + "|" + std::string(request.header("x-word").value_or("-")));
}
asio::awaitable<Response> inject(const Request&, Services&) {
    Response response = Response::empty();
    response.headers.emplace_back("X-Note", "a\r\nSet-Cookie: b");
    co_return response;
}

constexpr Route rows[] = {
    {Verb::get, {"/hello"}, Access::open, hello, "", "", ""},
    {Verb::get, {"/wait"}, Access::open, wait_at_gate, "", "", ""},
    {Verb::post, {"/echo"}, Access::open, echo, "", "", "", 1000},
    {Verb::get, {"/inject"}, Access::open, inject, "", "", ""},
};
constexpr RouteTable tables[] = {rows};

/// A plain blocking client.
class Client {
public:
    explicit Client(const std::string& address) {
        const ListenAddress to = read_listen_address(address);
        socket_.connect({asio::ip::make_address(to.host), to.port});
    }

    void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }
    void try_send(std::string_view bytes, error_code& ec) { asio::write(socket_, asio::buffer(bytes), ec); }
    void finish_sending() { socket_.shutdown(tcp::socket::shutdown_send); }

    /// The next whole answer: head and body.
    std::string receive() {
        error_code ec;
        const std::size_t head = asio::read_until(socket_, asio::dynamic_buffer(in_), "\r\n\r\n", ec);
        if (ec) return "connection ended";
        const std::size_t mark = in_.find("Content-Length: ");
        const std::size_t length = mark < head && is_answered_with_body_ ? std::stoul(in_.substr(mark + 16)) : 0;
        if (in_.size() < head + length) asio::read(socket_, asio::dynamic_buffer(in_), asio::transfer_exactly(head + length - in_.size()));
        const std::string answer = in_.substr(0, head + length);
        in_.erase(0, head + length);
        return answer;
    }
    std::string ask(std::string_view bytes) {
        send(bytes);
        return receive();
    }
    void expect_no_bodies() { is_answered_with_body_ = false; }

    /// Everything until the server closes.
    std::string receive_all() {
        error_code ec;
        asio::read(socket_, asio::dynamic_buffer(in_), ec);
        return ec == asio::error::eof ? std::exchange(in_, {}) : "reset: " + ec.message();
    }

private:
    asio::io_context context_;
    tcp::socket socket_{context_};
    std::string in_;
    bool is_answered_with_body_ = true;
};

struct ListenerFixture {
    FakeWorld world;
    Metrics metrics;
    Services services{world.clock, world.random, metrics, {}, {}};
    HttpLimits limits{.sweep_interval = 5ms};

    std::unique_ptr<Server> start() {
        auto server = std::make_unique<Server>(ServerOptions{.listen = {"0"}, .io_threads = 2, .limits = limits}, services, services.metrics,
                                               services.random, tables);
        server->start();
        return server;
    }
    static std::string address(const Server& server) { return server.addresses().front(); }
};

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE_METHOD(ListenerFixture, "an answer carries length, request id and the headers that browsers need to be told") {
    const auto server = start();
    Client client(address(*server));
    const std::string answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: order:7\r\n\r\n");
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK_THAT(answer, Contains("Content-Length: 5\r\n") && Contains("X-Request-Id: order:7\r\n") &&
                           Contains("X-Content-Type-Options: nosniff\r\n") && Contains("Cache-Control: no-store\r\n") &&
                           Contains("Connection: keep-alive\r\n") && !Contains("Server:"));
    CHECK_THAT(answer, Catch::EndsWith("\r\n\r\nhello"));
}

TEST_CASE_METHOD(ListenerFixture, "a connection serves one request after the other, also when they come at once") {
    const auto server = start();
    Client client(address(*server));
    CHECK_THAT(client.ask(get_hello), Contains("hello"));
    const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\nX-Word: w\r\nContent-Length: 3\r\n\r\nabc";
    client.send(post + get_hello + "\r\n" + post);
    CHECK_THAT(client.receive(), Contains("abc|w"));
    CHECK_THAT(client.receive(), Contains("hello"));
    CHECK_THAT(client.receive(), Contains("abc|w"));
    CHECK_THAT(client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Contains("Connection: close\r\n"));
    CHECK(client.receive_all().empty());
}

TEST_CASE_METHOD(ListenerFixture, "HEAD is answered like GET, without the body") {
    const auto server = start();
    Client client(address(*server));
    client.expect_no_bodies();
    const std::string head = "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK_THAT(client.ask(head), Contains("Content-Length: 5\r\n") && Catch::EndsWith("\r\n\r\n"));
    CHECK_THAT(client.ask(head), StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "a request without a route leaves the connection open when it has no body") {
    const auto server = start();
    Client client(address(*server));
    CHECK_THAT(client.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"),
               StartsWith("HTTP/1.1 404 Not Found\r\n") && Contains("application/problem+json"));
    CHECK_THAT(client.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 405") && Contains("Allow: GET, HEAD\r\n"));
    CHECK_THAT(client.ask("FOO /hello HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 501"));
    CHECK_THAT(client.ask("GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(client.ask(get_hello), StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "a message whose end is in doubt is refused and its connection closed, the rest unread") {
    const auto server = start();
    const auto [bytes, status] = GENERATE(table<std::string, std::string>({
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", "501"},
        {"POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(300, 'x') + "\r\nabc\r\n0\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(100'000, 'x'), "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"\r\nabc\"\r\nabc\r\n0\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "400"},
        {"GET /hello HTTP/1.1\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\nHost: a\n\n", "400"},
        {"GET /\r\n", "400"},
        {"\x16\x03\x01\x02", "400"},
        {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", "505"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "415"},
    }));
    CAPTURE(bytes.substr(0, 200));
    Client client(address(*server));
    client.send(bytes + get_hello);
    client.finish_sending();
    const std::string answer = client.receive_all();
    CHECK_THAT(answer, StartsWith("HTTP/1.1 " + status) && Contains("Connection: close\r\n") && Contains("application/problem+json"));
    CHECK_THAT(answer, !Contains("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "chunked bodies are put together, their trailers dropped") {
    const auto server = start();
    Client client(address(*server));
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Word: trailer\r\n\r\n" +
                get_hello);
    CHECK_THAT(client.receive(), Contains("abcde|-"));
    CHECK_THAT(client.receive(), Contains("hello"));
}

TEST_CASE_METHOD(ListenerFixture, "a body over its route's limit is refused before it is sent") {
    const auto server = start();
    Client client(address(*server));
    SECTION("by its length, without asking for it") {
        const std::string answer = client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
        CHECK_THAT(answer, StartsWith("HTTP/1.1 413") && Contains("Connection: close\r\n"));
    }
    SECTION("by its chunks") {
        CHECK_THAT(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n"), StartsWith("HTTP/1.1 413"));
    }
    SECTION("while one at the limit is asked for and taken") {
        CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n") ==
              "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK_THAT(client.ask(std::string(1000, 'x')), StartsWith("HTTP/1.1 200") && Contains(std::string(1000, 'x')));
    }
}

TEST_CASE_METHOD(ListenerFixture, "a header of a handler cannot begin a line of its own") {
    const auto server = start();
    Client client(address(*server));
    CHECK_THAT(client.ask("GET /inject HTTP/1.1\r\nHost: a\r\n\r\n"), Contains("X-Note: aSet-Cookie: b\r\n"));
}

TEST_CASE_METHOD(ListenerFixture, "slow clients are told so and let go") {
    limits.head_timeout = limits.body_timeout = limits.idle_timeout = 40ms;
    const auto server = start();
    Client client(address(*server));
    SECTION("in the head") {
        client.send("GET /hello HT");
        CHECK_THAT(client.receive_all(), StartsWith("HTTP/1.1 408"));
    }
    SECTION("in the body") {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        CHECK_THAT(client.receive_all(), StartsWith("HTTP/1.1 408"));
    }
    SECTION("silently between requests") {
        CHECK_THAT(client.ask(get_hello), StartsWith("HTTP/1.1 200"));
        CHECK(client.receive_all().empty());
    }
    SECTION("silently when they never said anything") {
        CHECK(client.receive_all().empty());
    }
}

TEST_CASE_METHOD(ListenerFixture, "a body may take long as long as it comes along") {
    limits.body_grace = 40ms;
    limits.body_rate_min = 10;  // a second of patience for each ten bytes
    const auto server = start();
    Client client(address(*server));
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    SECTION("and is let go when it does not") {
        CHECK_THAT(client.receive_all(), StartsWith("HTTP/1.1 408"));
    }
    SECTION("but not for ever") {
        limits.body_timeout = 80ms;
        const auto strict = start();
        Client other(address(*strict));
        other.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(900, 'x'));
        CHECK_THAT(other.receive_all(), StartsWith("HTTP/1.1 408"));
    }
}

TEST_CASE_METHOD(ListenerFixture, "a client that reads nothing is let go, however much it asks for") {
    limits.write_timeout = 40ms;
    const auto server = start();
    Client client(address(*server));
    error_code stopped;
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += get_hello;
    for (int i = 0; i < 10'000 && !stopped; ++i) client.try_send(many, stopped);  // until the kernel's buffers are full, and then gone
    CHECK(stopped);
}

TEST_CASE_METHOD(ListenerFixture, "a body for which there is no room is refused, until there is again") {
    limits.body_free = 0;
    limits.bodies_max = 1500;
    Gate held;
    gate = &held;
    const auto server = start();
    const std::string body = "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x');
    Client first(address(*server));
    first.send("GET /wait HTTP/1.1\r\nHost: a\r\n" + body);
    held.entered.get_future().wait();  // its body is held until it is answered
    const auto post = [&] { return Client(address(*server)).ask("POST /echo HTTP/1.1\r\nHost: a\r\n" + body); };
    CHECK_THAT(post(), StartsWith("HTTP/1.1 503") && Contains("Retry-After: 1\r\n") && Contains("Connection: close\r\n") &&
                           Contains("application/problem+json"));
    held.open();
    CHECK_THAT(first.receive(), StartsWith("HTTP/1.1 200"));
    std::string answer;
    for (int i = 0; i < 1000 && !StartsWith("HTTP/1.1 200").match(answer); ++i) answer = post();  // its room is free a moment after its answer
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "connections beyond the limit are turned away, until one has ended") {
    limits.connections_max = 1;
    const auto server = start();
    {
        Client first(address(*server));
        CHECK_THAT(first.ask(get_hello), StartsWith("HTTP/1.1 200"));
        Client second(address(*server));
        CHECK_THAT(second.receive_all(), StartsWith("HTTP/1.1 503") && Contains("Retry-After: 1\r\n") && Contains("X-Request-Id: ") &&
                                             Contains("X-Content-Type-Options: nosniff\r\n") && Contains("Cache-Control: no-store\r\n") &&
                                             Contains("Connection: close\r\n") && Contains("application/problem+json"));
        first.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        CHECK_THAT(first.receive_all(), StartsWith("HTTP/1.1 200"));
    }
    std::string answer;
    for (int i = 0; i < 1000 && !StartsWith("HTTP/1.1 200").match(answer); ++i) {  // the place is free a moment after the client sees the end
        Client third(address(*server));
        answer = third.ask(get_hello);
    }
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "draining refuses new connections, ends idle ones and lets a running request finish") {
    Gate held;
    gate = &held;
    const auto server = start();
    Client busy(address(*server)), idle(address(*server));
    CHECK_THAT(idle.ask(get_hello), StartsWith("HTTP/1.1 200"));
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    held.entered.get_future().wait();

    auto drained = std::async(std::launch::async, [&server] { return server->drain(60s); });
    CHECK(idle.receive_all().empty());
    const auto connects = [&server] {
        try {
            Client late(ListenerFixture::address(*server));
            return true;
        } catch (const boost::system::system_error&) {
            return false;
        }
    };
    CHECK_FALSE(connects());
    CHECK(drained.wait_for(0s) == std::future_status::timeout);

    held.open();
    CHECK_THAT(busy.receive_all(), StartsWith("HTTP/1.1 200") && Contains("Connection: close\r\n") && Contains("waited"));
    CHECK(drained.get());
    server->stop();
}

TEST_CASE_METHOD(ListenerFixture, "draining cuts short what is still running at its deadline") {
    Gate held;
    gate = &held;
    const auto server = start();
    Client busy(address(*server));
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    held.entered.get_future().wait();
    CHECK_FALSE(server->drain(10ms));
    CHECK_THAT(busy.receive_all(), !Contains("200"));
}

TEST_CASE_METHOD(ListenerFixture, "a server that goes away with requests running leaves nothing behind") {
    Gate held;
    gate = &held;
    auto server = start();
    Client busy(address(*server)), idle(address(*server));
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    held.entered.get_future().wait();
    server.reset();
    CHECK_THAT(idle.receive_all(), !Contains("200"));
}

TEST_CASE_METHOD(ListenerFixture, "an address that another program answers on is refused, with the way out") {
    const auto server = start();
    try {
        Server second(ServerOptions{.listen = {address(*server)}}, services, services.metrics, services.random, tables);
        FAIL("it was taken");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::conflict);
        CHECK_THAT(error.what(), Contains(address(*server)));
        CHECK_THAT(error.hint(), Contains("--listen"));
    }
    SECTION("and free again once that is gone") {
        const std::string free = address(*server);
        server->drain(1s);
        CHECK_NOTHROW(Server(ServerOptions{.listen = {free}}, services, services.metrics, services.random, tables));
    }
}

TEST_CASE_METHOD(ListenerFixture, "one server listens on several addresses, each with its own port") {
    Server server(ServerOptions{.listen = {"127.0.0.1:0", "127.0.0.2:0"}, .io_threads = 3}, services, services.metrics, services.random, tables);
    server.start();
    REQUIRE(server.addresses().size() == 2);
    CHECK(server.io_threads() == 3);
    for (const std::string& where : server.addresses())
        for (int i = 0; i < 4; ++i) CHECK_THAT(Client(where).ask(get_hello), StartsWith("HTTP/1.1 200"));
}

TEST_CASE_METHOD(ListenerFixture, "every address of IPv4 and every address of IPv6 share a port") {
    const std::uint16_t port = [] {  // free a moment ago
        asio::io_context context;
        return tcp::acceptor(context, {tcp::v4(), 0}).local_endpoint().port();
    }();
    const std::string v4 = "0.0.0.0:" + std::to_string(port), v6 = "[::]:" + std::to_string(port);
    const auto listen = GENERATE(true, false) ? std::vector{v4, v6} : std::vector{v6, v4};
    try {
        Server server(ServerOptions{.listen = listen}, services, services.metrics, services.random, tables);
        server.start();
        CHECK_THAT(Client("127.0.0.1:" + std::to_string(port)).ask(get_hello), StartsWith("HTTP/1.1 200"));
    } catch (const Error& error) {
        CHECK_THAT(error.what(), Contains("Cannot assign") || Contains("not supported"));  // a machine without IPv6
    }
}
