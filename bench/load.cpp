// Load for the benchmarks: keeps connections busy with one request each, signs what it posts, and may play the Graph API, so that the time from
// a webhook to its reply is measured outside of the process under test. Prints one JSON object. One thread: the server gets the other core.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <CLI/CLI.hpp>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

struct Options {
    unsigned short port = 0;
    std::string path = "/health/live";
    std::string body_file;    // a webhook with {from} and {message_id}; without one the requests are GETs
    std::string secret_file;  // what signs the bodies
    int connections = 64;
    double seconds = 5;
    std::size_t senders = 1000;     // people who write, in turn
    std::size_t requests = 0;       // ends after so many; 0 = by time
    bool has_ids = false;           // each request names itself: recorded-00000000, ...
    double rate = 0;                // requests a second, open loop; 0 = each connection as fast as it is answered
    unsigned short graph_port = 0;  // plays the Graph API here and waits for a reply to every accepted message
    double graph_ms = 0;            // how long it takes to answer
    int statuses = 0;               // statuses posted back for each reply
    double drain_seconds = 120;
};

double ms(Clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

nlohmann::json spread(std::vector<double> times) {
    if (times.empty()) return nullptr;
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) { return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]; };
    return {{"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"max_ms", times.back()}};
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
}

/// HMAC-SHA256 under one key.
class Signer {
public:
    explicit Signer(const std::string& key)
        : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, reinterpret_cast<const unsigned char*>(key.data()), key.size())),
          digest_(EVP_MD_CTX_new()) {}
    ~Signer() {
        EVP_MD_CTX_free(digest_);
        EVP_PKEY_free(key_);
    }
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;

    std::string hex(const std::string& data) {
        unsigned char mac[32];
        std::size_t size = sizeof mac;
        if (EVP_DigestSignInit(digest_, nullptr, EVP_sha256(), nullptr, key_) != 1 ||
            EVP_DigestSign(digest_, mac, &size, reinterpret_cast<const unsigned char*>(data.data()), data.size()) != 1)
            throw std::runtime_error("cannot sign");
        std::string out;
        for (const unsigned char c : mac) out += "0123456789abcdef"[c >> 4], out += "0123456789abcdef"[c & 15];
        return out;
    }

private:
    EVP_PKEY* key_;
    EVP_MD_CTX* digest_;
};

/// Makes the n-th request. Every webhook has a message id of its own; the senders come round again.
class Requests {
public:
    explicit Requests(const Options& opts)
        : opts_(opts),
          signer_(read(opts.secret_file)),
          template_(read(opts.body_file)),
          run_(std::to_string(Clock::now().time_since_epoch().count())) {}

    std::string sender(std::size_t n) const { return fmt_number("1555", n % opts_.senders); }

    /// The n-th id of the provider for what is sent to it.
    std::string reply_id(std::size_t n) const { return "wamid.bench-reply-" + run_ + fmt_number("-", n); }

    std::string make(std::size_t n) {
        if (opts_.body_file.empty()) return "GET " + opts_.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        std::string body = template_;
        replace_all(body, "{from}", sender(n));
        replace_all(body, "{message_id}", "wamid.bench-" + run_ + fmt_number("-", n));
        return post(body, opts_.has_ids ? "X-Request-Id: " + fmt_number("recorded-", n) + "\r\n" : "");
    }

    std::string status(const std::string& reply_id, const std::string& to, const std::string& state) {
        const auto change = nlohmann::json{{"messaging_product", "whatsapp"},
                                           {"metadata", nlohmann::json::parse(template_)["entry"][0]["changes"][0]["value"]["metadata"]},
                                           {"statuses", {{{"id", reply_id}, {"status", state}, {"timestamp", "1767225600"}, {"recipient_id", to}}}}};
        return post(nlohmann::json{{"object", "whatsapp_business_account"},
                                   {"entry", {{{"id", "1"}, {"changes", {{{"field", "messages"}, {"value", change}}}}}}}}
                        .dump());
    }

private:
    static std::string read(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static std::string fmt_number(const std::string& prefix, std::size_t n) {
        const std::string digits = std::to_string(n);
        return prefix + std::string(8 - std::min<std::size_t>(8, digits.size()), '0') + digits;
    }
    std::string post(const std::string& body, const std::string& more_head = "") {
        return "POST " + opts_.path +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=" + signer_.hex(body) + "\r\n" +
               more_head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    const Options& opts_;
    Signer signer_;
    std::string template_, run_;
};

struct Tally {
    Clock::time_point begin, last_answer, last_reply;
    std::size_t issued = 0, given_ids = 0, ok = 0, replies = 0, doubles = 0, strangers = 0, status_posts = 0;
    std::map<int, std::size_t> other;  // answers that are not 2xx; 0 = connection lost
    std::vector<double> answer_ms, reply_ms, reply_gaps_ms;
    std::unordered_map<std::string, std::deque<Clock::time_point>> waiting;  // sender -> when its unanswered webhooks were due
};

/// One connection that is opened once and asked one thing at a time.
class Caller {
public:
    Caller(asio::any_io_executor executor, unsigned short port) : socket_(executor), port_(port) {}

    /// Sends `request`, gives the status of the answer; 0 when the connection is lost.
    asio::awaitable<int> call(const std::string& request) {
        try {
            if (!socket_.is_open()) {
                co_await socket_.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port_), asio::use_awaitable);
                socket_.set_option(tcp::no_delay(true));
            }
            co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
            http::response<http::string_body> response;
            co_await http::async_read(socket_, buffer_, response, asio::use_awaitable);
            if (!response.keep_alive()) socket_.close();
            co_return static_cast<int>(response.result_int());
        } catch (const boost::system::system_error&) {
            socket_ = tcp::socket(socket_.get_executor());
            buffer_.clear();
            co_return 0;
        }
    }

private:
    tcp::socket socket_;
    unsigned short port_;
    boost::beast::flat_buffer buffer_;
};

asio::awaitable<void> keep_busy(const Options& opts, Requests& requests, Tally& tally) {
    Caller caller(co_await asio::this_coro::executor, opts.port);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto end = tally.begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(opts.seconds));
    while (true) {
        const std::size_t n = tally.issued;
        Clock::time_point due = Clock::now();
        if (opts.rate > 0)
            due = tally.begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(n) / opts.rate));
        if (opts.requests > 0 ? n >= opts.requests : due >= end) co_return;
        ++tally.issued;
        if (due > Clock::now()) {
            timer.expires_at(due);
            co_await timer.async_wait(asio::use_awaitable);
        }
        const std::string request = requests.make(n);
        if (opts.graph_port != 0) tally.waiting[requests.sender(n)].push_back(due);
        const int status = co_await caller.call(request);
        tally.last_answer = Clock::now();
        if (status / 100 == 2) {
            ++tally.ok;
            tally.answer_ms.push_back(ms(tally.last_answer - due));
        } else {
            ++tally.other[status];
        }
    }
}

/// The statuses that wait to be posted, and the connections that post them.
class StatusPosts {
public:
    StatusPosts(asio::any_io_executor executor, const Options& opts, Tally& tally)
        : wake_(executor, Clock::time_point::max()), opts_(opts), tally_(tally) {
        for (int i = 0; opts.statuses > 0 && i < 16; ++i) asio::co_spawn(executor, post(), asio::detached);
    }

    void add(std::string request) {
        queue_.push_back(std::move(request));
        wake_.cancel_one();
    }

private:
    asio::awaitable<void> post() {
        Caller caller(wake_.get_executor(), opts_.port);
        while (true) {
            while (queue_.empty()) {
                boost::system::error_code woken;
                co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            }
            const std::string request = std::move(queue_.front());
            queue_.pop_front();
            const int status = co_await caller.call(request);
            ++(status / 100 == 2 ? tally_.status_posts : tally_.other[status]);
        }
    }

    asio::steady_timer wake_;
    const Options& opts_;
    Tally& tally_;
    std::deque<std::string> queue_;
};

void note_reply(Tally& tally, const std::string& to) {
    const auto now = Clock::now();
    const auto found = tally.waiting.find(to);
    if (found == tally.waiting.end()) {
        ++tally.strangers;
        return;
    }
    if (found->second.empty()) {
        ++tally.doubles;
        return;
    }
    ++tally.replies;
    tally.reply_ms.push_back(ms(now - found->second.front()));
    found->second.pop_front();
    tally.reply_gaps_ms.push_back(ms(now - (tally.replies == 1 ? tally.begin : tally.last_reply)));
    tally.last_reply = now;
}

/// The Graph API's side of one connection: takes messages, gives each an id.
asio::awaitable<void> graph_session(tcp::socket socket, const Options& opts, Requests& requests, StatusPosts& statuses, Tally& tally) {
    boost::beast::flat_buffer buffer;
    asio::steady_timer timer(socket.get_executor());
    while (true) {
        http::request<http::string_body> request;
        co_await http::async_read(socket, buffer, request, asio::use_awaitable);
        const auto message = nlohmann::json::parse(request.body(), nullptr, false);
        std::string to = message.is_object() ? message.value("to", "") : "";
        if (to.starts_with('+')) to.erase(0, 1);
        if (opts.graph_ms > 0) {
            timer.expires_after(std::chrono::microseconds(static_cast<long>(opts.graph_ms * 1000)));
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (message.contains("text")) note_reply(tally, to);
        const std::string id = requests.reply_id(++tally.given_ids);
        http::response<http::string_body> response(http::status::ok, request.version());
        response.set(http::field::content_type, "application/json");
        response.body() =
            nlohmann::json{{"messaging_product", "whatsapp"}, {"contacts", {{{"input", to}, {"wa_id", to}}}}, {"messages", {{{"id", id}}}}}.dump();
        response.prepare_payload();
        co_await http::async_write(socket, response, asio::use_awaitable);
        for (int i = 0; i < opts.statuses; ++i)
            statuses.add(requests.status(id, to, std::array{"sent", "delivered", "read"}[static_cast<std::size_t>(i) % 3]));
    }
}

asio::awaitable<void> graph(tcp::acceptor& acceptor, const Options& opts, Requests& requests, StatusPosts& statuses, Tally& tally) {
    while (true) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        const auto closed = [](std::exception_ptr) {};  // the other side hangs up when it likes
        asio::co_spawn(acceptor.get_executor(), graph_session(std::move(socket), opts, requests, statuses, tally), closed);
    }
}

nlohmann::json report(const Tally& tally) {
    const double seconds = ms(tally.last_answer - tally.begin) / 1000;
    nlohmann::json out{{"requests", tally.issued},
                       {"ok", tally.ok},
                       {"seconds", seconds},
                       {"per_s", static_cast<double>(tally.ok) / seconds},
                       {"answer", spread(tally.answer_ms)}};
    for (const auto& [status, count] : tally.other) out["other"][std::to_string(status)] = count;
    if (tally.strangers > 0) out["strangers"] = tally.strangers;
    if (tally.replies > 0) {
        out["replies"] = tally.replies;
        out["replies_per_s"] = static_cast<double>(tally.replies) / (ms(tally.last_reply - tally.begin) / 1000);
        out["reply"] = spread(tally.reply_ms);
        out["reply_gap_max_ms"] = *std::max_element(tally.reply_gaps_ms.begin(), tally.reply_gaps_ms.end());
        out["doubles"] = tally.doubles;
        out["statuses"] = tally.status_posts;
    }
    return out;
}

asio::awaitable<void> run(const Options& opts, Requests& requests, Tally& tally, bool& complete) {
    const auto executor = co_await asio::this_coro::executor;
    tally.begin = Clock::now();
    int running = opts.connections;
    asio::steady_timer all_done(executor, Clock::time_point::max());
    for (int i = 0; i < opts.connections; ++i)
        asio::co_spawn(executor, keep_busy(opts, requests, tally), [&](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
            if (--running == 0) all_done.cancel();
        });
    boost::system::error_code cancelled;
    co_await all_done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));

    const auto drained = [&] {
        return opts.graph_port == 0 || (tally.replies >= tally.ok && tally.status_posts >= tally.replies * static_cast<std::size_t>(opts.statuses));
    };
    const auto give_up = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(opts.drain_seconds));
    asio::steady_timer pause(executor);
    while (!drained() && Clock::now() < give_up) {
        pause.expires_after(2ms);
        co_await pause.async_wait(asio::use_awaitable);
    }
    complete = drained() && tally.other.empty();
}

}  // namespace

int main(int argc, char** argv) {
    Options opts;
    CLI::App app("Load for the benchmarks");
    app.add_option("--port", opts.port)->required();
    app.add_option("--path", opts.path);
    app.add_option("--body", opts.body_file);
    app.add_option("--secret-file", opts.secret_file);
    app.add_option("--connections", opts.connections);
    app.add_option("--seconds", opts.seconds);
    app.add_option("--senders", opts.senders)->check(CLI::PositiveNumber);
    app.add_option("--requests", opts.requests);
    app.add_flag("--ids", opts.has_ids);
    app.add_option("--rate", opts.rate);
    app.add_option("--graph-port", opts.graph_port);
    app.add_option("--graph-ms", opts.graph_ms);
    app.add_option("--statuses", opts.statuses);
    app.add_option("--drain-seconds", opts.drain_seconds);
    CLI11_PARSE(app, argc, argv);

    asio::io_context io(1);
    Requests requests(opts);
    Tally tally;
    StatusPosts statuses(io.get_executor(), opts, tally);
    std::unique_ptr<tcp::acceptor> acceptor;
    if (opts.graph_port != 0) {
        acceptor = std::make_unique<tcp::acceptor>(io, tcp::endpoint(asio::ip::address_v4::loopback(), opts.graph_port));
        asio::co_spawn(io, graph(*acceptor, opts, requests, statuses, tally), asio::detached);
    }
    bool complete = false;
    asio::co_spawn(io, run(opts, requests, tally, complete), [&](std::exception_ptr e) {
        io.stop();
        if (e) std::rethrow_exception(e);
    });
    io.run();
    std::cout << report(tally).dump(2) << '\n';
    return complete ? 0 : 1;
}
