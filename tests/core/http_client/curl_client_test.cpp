#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <stdexcept>

#include "core/base/error.hpp"
#include "core/http_client/http_client.hpp"
#include "tests/catch.hpp"
#include "tests/core/http_client/raw_server.hpp"

using namespace wabot;
using namespace std::chrono_literals;

namespace {

/// A client and, outliving it, the loop of its callers.
struct Client {
    asio::io_context io;
    std::unique_ptr<HttpClient> http;

    explicit Client(std::size_t in_flight_max = 256) : http(open_http_client(in_flight_max)) {}

    /// Runs one exchange to its end.
    HttpOutcome run(HttpRequest request, BeforeBody before_body = {}) {
        io.restart();
        auto outcome = asio::co_spawn(io, http->exchange(std::move(request), std::move(before_body)), asio::use_future);
        io.run();
        return outcome.get();
    }
};

HttpRequest post_of(const std::string& url, const std::string& body = "{\"text\":\"hello\"}") {
    return {.method = "POST", .url = url, .headers = {{"Content-Type", "application/json"}}, .body = body};
}

/// A gate that opens and counts.
BeforeBody counting(int& count) {
    return [&count]() -> asio::awaitable<void> {
        ++count;
        co_return;
    };
}

const HttpFailure& failure(const HttpOutcome& outcome) {
    REQUIRE(std::holds_alternative<HttpFailure>(outcome));
    return std::get<HttpFailure>(outcome);
}

const HttpAnswer& answer(const HttpOutcome& outcome) {
    if (const auto* failed = std::get_if<HttpFailure>(&outcome)) FAIL(failed->reason);
    return std::get<HttpAnswer>(outcome);
}

RawServer::Reply ok(const std::string&, int) {
    return {http_answer(200, "fine")};
}

}  // namespace

namespace {

/// So many bytes, made as they are asked for.
class Letters : public BodySource {
public:
    explicit Letters(std::size_t size, std::size_t fails_at = std::string::npos) : size_(size), fails_at_(fails_at) {}
    std::size_t size() const override { return size_; }
    std::size_t read(std::span<char> to) override {
        if (given_ >= fails_at_) throw std::runtime_error("the disk is gone");
        const std::size_t count = std::min<std::size_t>({to.size(), 1000, size_ - given_});
        for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<char>('a' + (given_ + i) % 26);
        given_ += count;
        return count;
    }

private:
    std::size_t size_, fails_at_, given_ = 0;
};

}  // namespace

TEST_CASE("http client: a body may be read as it goes out") {
    RawServer server(ok);
    Client client;
    HttpRequest request = post_of(server.url(), "");
    SECTION("whole") {
        request.source = std::make_shared<Letters>(300'000);
        CHECK(answer(client.run(std::move(request))).status == 200);
        REQUIRE(server.ledger().size() == 1);
        const std::string taken = server.ledger()[0];
        CHECK(taken.find("Content-Length: 300000\r\n") != std::string::npos);
        CHECK(taken.ends_with("ghijkl"));
        CHECK(taken.size() == taken.find("\r\n\r\n") + 4 + 300'000);
    }
    SECTION("and ends the exchange when it cannot be read on") {
        request.source = std::make_shared<Letters>(300'000, 50'000);
        CHECK(failure(client.run(std::move(request))).reason == "the disk is gone");
        CHECK(server.ledger().empty());
    }
}

TEST_CASE("http client: a request arrives whole and its answer comes back") {
    RawServer server([](const std::string&, int) { return RawServer::Reply{http_answer(201, "made", "X-Kind:  some thing \r\n")}; });
    Client client;
    int gates = 0;
    const std::string body(300'000, 'x');
    const HttpOutcome outcome = client.run(post_of(server.url("/a?b=c"), body), counting(gates));
    CHECK(answer(outcome).status == 201);
    CHECK(answer(outcome).body == "made");
    CHECK(answer(outcome).headers == std::vector<std::pair<std::string, std::string>>{{"content-length", "4"}, {"x-kind", "some thing"}});
    CHECK(gates == 1);
    REQUIRE(server.ledger().size() == 1);
    const std::string request = server.ledger()[0];
    CHECK(request.starts_with("POST /a?b=c HTTP/1.1\r\n"));
    CHECK(request.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(request.find("Expect") == std::string::npos);
    CHECK(request.ends_with("\r\n\r\n" + body));
}

TEST_CASE("http client: every method goes out under its name, an empty body without a gate") {
    RawServer server(ok);
    Client client;
    for (const std::string method : {"GET", "POST", "DELETE", "PUT", "PATCH"}) {
        const HttpRequest bare{.method = method, .url = server.url()};
        CHECK(answer(client.run(bare)).status == 200);
        CHECK(server.ledger().back().starts_with(method + " / HTTP/1.1\r\n"));
    }
    HttpRequest put = post_of(server.url());
    put.method = "PUT";
    CHECK(answer(client.run(put)).status == 200);
    CHECK(server.ledger().back().starts_with("PUT / HTTP/1.1\r\n"));
    CHECK(server.ledger().back().ends_with("hello\"}"));
    CHECK(server.connections() == 1);
}

TEST_CASE("http client: redirects are answers like any other") {
    RawServer server([](const std::string&, int) { return RawServer::Reply{http_answer(302, "", "Location: /elsewhere\r\n")}; });
    Client client;
    CHECK(answer(client.run(post_of(server.url()))).status == 302);
    CHECK(server.ledger().size() == 1);
}

TEST_CASE("http client: a reused connection closed without an answer is not used for a second send") {
    RawServer server([](const std::string&, int nth) { return nth == 0 ? RawServer::Reply{http_answer(200, "fine")} : RawServer::Reply{"", true}; });
    Client client;
    CHECK(answer(client.run(post_of(server.url(), "first"))).status == 200);
    int gates = 0;
    const bool gated = GENERATE(true, false);
    const HttpOutcome outcome = client.run(post_of(server.url(), "second"), gated ? counting(gates) : BeforeBody{});
    CHECK(failure(outcome).offered);
    CHECK(gates == (gated ? 1 : 0));
    CHECK(server.ledger().size() == 2);
    CHECK(server.ledger()[1].ends_with("second"));
}

TEST_CASE("http client: a request without a body is not repeated either") {
    RawServer server([](const std::string&, int nth) { return nth == 0 ? RawServer::Reply{http_answer(200, "fine")} : RawServer::Reply{"", true}; });
    Client client;
    const HttpRequest request{.method = GENERATE("GET", "DELETE"), .url = server.url()};
    CHECK(answer(client.run(request)).status == 200);
    CHECK_FALSE(failure(client.run(request)).offered);
    CHECK(server.ledger().size() == 2);
}

TEST_CASE("http client: a refused connection offers nothing and opens no gate") {
    Client client;
    int gates = 0;
    const HttpOutcome outcome = client.run(post_of(refusing_url()), counting(gates));
    CHECK_FALSE(failure(outcome).offered);
    CHECK(failure(outcome).reason == "could not connect");
    CHECK(gates == 0);
}

TEST_CASE("http client: the gate is not reached before the TLS handshake is done") {
    RawServer server(ok);  // never speaks TLS, never answers the greeting
    Client client;
    int gates = 0;
    HttpRequest request = post_of("https" + server.url().substr(4));
    request.connect_timeout = 200ms;
    const HttpOutcome outcome = client.run(request, counting(gates));
    CHECK_FALSE(failure(outcome).offered);
    CHECK(failure(outcome).reason == "could not connect in time");
    CHECK(gates == 0);
}

TEST_CASE("http client: when the gate throws, no request is received and the exception comes out") {
    RawServer server(ok);
    Client client;
    const BeforeBody lost = []() -> asio::awaitable<void> {
        throw Error(Errc::stale, "the lease is lost");
        co_return;
    };
    CHECK_THROWS_WITH(client.run(post_of(server.url()), lost), "the lease is lost");
    CHECK(answer(client.run(post_of(server.url(), "next"))).status == 200);  // and the client goes on
    REQUIRE(server.ledger().size() == 1);
    CHECK(server.ledger()[0].ends_with("next"));
}

TEST_CASE("http client: nothing of the body is on its way while the gate is being passed") {
    RawServer server(ok);
    Client client;
    std::size_t received_before = 99;
    const BeforeBody gate = [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);  // longer than the time limit below: it does not count
        co_await timer.async_wait(asio::use_awaitable);
        received_before = server.ledger().size();
    };
    HttpRequest request = post_of(server.url());
    request.timeout = 40ms;
    CHECK(answer(client.run(request, gate)).status == 200);
    CHECK(received_before == 0);
    CHECK(server.ledger().size() == 1);
}

TEST_CASE("http client: a gate without a body to hold back is refused as a bug") {
    Client client;
    int gates = 0;
    const HttpRequest request{.url = refusing_url()};
    CHECK_THROWS_AS(client.run(request, counting(gates)), Error);
    CHECK(gates == 0);
}

TEST_CASE("http client: an answer over its limit is no answer") {
    const std::string long_text(5000, 'x');
    const auto [bytes, fits] = GENERATE_COPY(table<std::string, bool>({{http_answer(200, long_text), false},
                                                                       {http_answer(200, "x", "X-Long: " + long_text + "\r\n"), false},
                                                                       {http_answer(200, long_text.substr(0, 3000)), true}}));
    const RawServer::Reply reply{bytes};
    RawServer server([reply](const std::string&, int) { return reply; });
    Client client;
    HttpRequest request = post_of(server.url());
    request.answer_max = 4000;
    const HttpOutcome outcome = client.run(request);
    if (fits)
        CHECK(answer(outcome).body.size() == 3000);
    else {
        CHECK(failure(outcome).offered);
        CHECK(failure(outcome).reason == "answer too long");
    }
}

TEST_CASE("http client: an answer that does not come in time is a failure after the offer") {
    RawServer* self = nullptr;
    RawServer server([&self](const std::string&, int) {
        self->wait_for_the_end();
        return RawServer::Reply{"", true};
    });
    self = &server;
    Client client;
    HttpRequest request = post_of(server.url());
    request.timeout = 100ms;
    int gates = 0;
    const HttpOutcome outcome = client.run(request, counting(gates));
    CHECK(failure(outcome).offered);
    CHECK(failure(outcome).reason == "no answer in time");
}

TEST_CASE("http client: what is no HTTP, or stops in its middle, is no answer") {
    const std::string bytes =
        GENERATE(as<std::string>{}, "certainly not HTTP\r\n\r\n", std::string("\0\1\2\3", 4), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                 "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    RawServer server([bytes](const std::string&, int) { return RawServer::Reply{bytes, true}; });
    Client client;
    const HttpOutcome outcome = client.run(post_of(server.url()));
    CHECK(failure(outcome).offered);
    CHECK_FALSE(failure(outcome).reason.empty());
}

TEST_CASE("http client: the last of several heads is the answer's") {
    RawServer server([](const std::string&, int) {
        return RawServer::Reply{"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + http_answer(404, "no", "A: b\r\n")};
    });
    Client client;
    const HttpOutcome outcome = client.run(post_of(server.url()));
    CHECK(answer(outcome).status == 404);
    CHECK(answer(outcome).headers == std::vector<std::pair<std::string, std::string>>{{"content-length", "2"}, {"a", "b"}});
}

TEST_CASE("http client: sixty-four at once, no more of them under way than allowed") {
    RawServer server(
        [](const std::string& request, int) { return RawServer::Reply{http_answer(200, request.substr(request.find("\r\n\r\n") + 4))}; });
    Client client(8);
    asio::io_context& io = client.io;
    std::vector<std::future<HttpOutcome>> outcomes;
    std::atomic<int> gates = 0;
    const BeforeBody passing = [&gates]() -> asio::awaitable<void> {
        ++gates;
        co_return;
    };
    for (int i = 0; i < 64; ++i)
        outcomes.push_back(asio::co_spawn(io, client.http->exchange(post_of(server.url(), std::to_string(i)), passing), asio::use_future));
    std::thread helper([&io] { io.run(); });
    io.run();
    helper.join();
    for (int i = 0; i < 64; ++i) CHECK(answer(outcomes[static_cast<std::size_t>(i)].get()).body == std::to_string(i));
    CHECK(gates.load() == 64);
    CHECK(server.ledger().size() == 64);
    CHECK(server.connections() <= 8);
    CHECK(server.most_at_once() <= 8);
}

TEST_CASE("http client: closing it fails what is under way, waits its turn or stands at its gate") {
    RawServer* self = nullptr;
    RawServer server([&self](const std::string&, int) {
        self->wait_for_the_end();
        return RawServer::Reply{"", true};
    });
    self = &server;
    asio::io_context io;
    std::promise<void> at_gate;
    std::vector<std::future<HttpOutcome>> outcomes;
    asio::steady_timer never(io, std::chrono::steady_clock::time_point::max());
    {
        const auto client = open_http_client(1);
        const BeforeBody gate = [&]() -> asio::awaitable<void> {
            at_gate.set_value();
            boost::system::error_code ignored;
            co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        };
        outcomes.push_back(asio::co_spawn(io, client->exchange(post_of(server.url()), gate), asio::use_future));
        outcomes.push_back(asio::co_spawn(io, client->exchange(post_of(server.url())), asio::use_future));
        auto ready = at_gate.get_future();
        while (ready.wait_for(0s) != std::future_status::ready) REQUIRE(io.run_one() == 1);
    }
    never.cancel();
    io.run();
    for (auto& outcome : outcomes) {
        const HttpOutcome closed = outcome.get();
        CHECK_FALSE(failure(closed).offered);
        CHECK(failure(closed).reason == "the client was closed");
    }
    CHECK(server.ledger().empty());
}

TEST_CASE("http client: a loop destroyed under its coroutines, after the client has gone, leaves nothing behind") {
    RawServer server(ok);
    asio::io_context io;
    auto client = open_http_client();
    std::promise<void> at_gate;
    const BeforeBody gate = [&]() -> asio::awaitable<void> {
        at_gate.set_value();
        asio::steady_timer never(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
        co_await never.async_wait(asio::use_awaitable);
    };
    asio::co_spawn(io, client->exchange(post_of(server.url()), gate), asio::detached);
    auto ready = at_gate.get_future();
    while (ready.wait_for(0s) != std::future_status::ready) REQUIRE(io.run_one() == 1);
    SECTION("client first, as documented") {
        client.reset();
    }
    CHECK(server.ledger().empty());
}

TEST_CASE("http client: a caller's deadline does not cut an exchange in two") {
    using namespace asio::experimental::awaitable_operators;
    RawServer server(ok);
    Client client;
    asio::io_context& io = client.io;
    asio::steady_timer deadline(io, std::chrono::steady_clock::time_point::max());
    const BeforeBody gate = [&]() -> asio::awaitable<void> {
        deadline.cancel();
        co_return;
    };
    bool answered = false;
    auto send = [&]() -> asio::awaitable<void> {
        answered = std::holds_alternative<HttpAnswer>(co_await client.http->exchange(post_of(server.url()), gate));
    };
    auto wait = [&]() -> asio::awaitable<void> {
        boost::system::error_code ignored;
        co_await deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    };
    auto both = [&]() -> asio::awaitable<void> { co_await (send() || wait()); };
    asio::co_spawn(io, both(), asio::detached);
    io.run();
    CHECK(answered);
    CHECK(server.ledger().size() == 1);
}

TEST_CASE("http client: a header with a line break is refused before anything is sent") {
    RawServer server(ok);
    Client client;
    HttpRequest request = post_of(server.url());
    request.headers.emplace_back("Authorization", "Bearer x\r\nX-Other: y");
    CHECK_FALSE(failure(client.run(request)).offered);
    CHECK(server.connections() == 0);
}

TEST_CASE("http client: a server may refuse a request by its head alone, but not accept it") {
    const int status = GENERATE(413, 200);
    RawServer server(http_answer(status, "early", "Connection: close\r\n"));
    Client client;
    int gates = 0;
    const BeforeBody gate = [&]() -> asio::awaitable<void> {
        ++gates;
        server.wait_until_answered();
        co_return;
    };
    const HttpOutcome outcome = client.run(post_of(server.url()), gate);
    // Whether the answer or the gate comes first is a race; what follows from each is not.
    CHECK(gates <= 1);
    if (status == 413)
        CHECK(answer(outcome).status == 413);
    else if (gates == 0)
        CHECK_FALSE(failure(outcome).offered);
}

namespace {

/// Notes what it was given; throws at will.
struct Notebook : AnswerSink {
    bool wants(const HttpAnswer& head) override {
        status = head.status;
        if (refuses) throw Error(Errc::invalid, "not wanted");
        return head.status == 200;
    }
    void take(std::string_view bytes) override {
        text += bytes;
        if (text.size() > most) throw Error(Errc::too_large, "too much of it");
    }
    std::string text;
    int status = 0;
    bool refuses = false;
    std::size_t most = 10'000'000;
};

HttpRequest get_into(const std::shared_ptr<Notebook>& notebook, const std::string& url) {
    HttpRequest request{.url = url};
    request.sink = notebook;
    return request;
}

}  // namespace

TEST_CASE("http client: an answer goes into a sink as it comes, however long it is") {
    const std::string body(3'000'000, 'x');
    RawServer server([&](const std::string&, int) { return RawServer::Reply{http_answer(200, body)}; });
    Client client;
    const auto notebook = std::make_shared<Notebook>();
    const HttpOutcome outcome = client.run(get_into(notebook, server.url()));
    CHECK(answer(outcome).status == 200);
    CHECK(answer(outcome).body.empty());
    CHECK(notebook->text == body);
}

TEST_CASE("http client: a sink leaves a body to the answer, and is asked for an empty one too") {
    RawServer server([](const std::string& request, int) {
        return RawServer::Reply{request.starts_with("GET /none") ? http_answer(200, "") : http_answer(404, "gone")};
    });
    Client client;
    const auto notebook = std::make_shared<Notebook>();
    CHECK(answer(client.run(get_into(notebook, server.url()))).body == "gone");
    CHECK(notebook->status == 404);
    CHECK(notebook->text.empty());
    CHECK(answer(client.run(get_into(notebook, server.url("/none")))).status == 200);
    CHECK(notebook->status == 200);
}

TEST_CASE("http client: what a sink throws ends the exchange with its words") {
    RawServer server([](const std::string&, int) { return RawServer::Reply{http_answer(200, std::string(1'000'000, 'x'))}; });
    Client client;
    const auto small = std::make_shared<Notebook>();
    small->most = 10;
    CHECK(failure(client.run(get_into(small, server.url()))).reason == "too much of it");
    const auto unwilling = std::make_shared<Notebook>();
    unwilling->refuses = true;
    CHECK(failure(client.run(get_into(unwilling, server.url()))).reason == "not wanted");
    CHECK(unwilling->text.empty());
}

TEST_CASE("http client: a sink keeps what came before the connection broke") {
    RawServer server([](const std::string&, int) { return RawServer::Reply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first part", true}; });
    Client client;
    const auto notebook = std::make_shared<Notebook>();
    CHECK(failure(client.run(get_into(notebook, server.url()))).reason == "connection closed within the answer");
    CHECK(notebook->text == "the first part");
}

TEST_CASE("http client: a request for the public Internet does not reach this machine") {
    RawServer server(ok);
    Client client;
    HttpRequest request{.url = server.url()};
    request.public_only = true;
    const HttpOutcome refused = client.run(request);
    CHECK(failure(refused).refused_here);
    CHECK(failure(refused).reason == "the address is not one of the public Internet");
    CHECK(server.connections() == 0);

    // Nor over a connection that somebody who trusts it has made.
    CHECK(answer(client.run({.url = server.url()})).status == 200);
    CHECK(failure(client.run(request)).refused_here);
    CHECK(server.ledger().size() == 1);
}
