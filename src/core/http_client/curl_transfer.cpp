#include "core/http_client/curl_transfer.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <cstring>

#include "core/base/fault_point.hpp"
#include "core/http_client/public_address.hpp"

namespace wabot {

namespace {

using std::chrono::milliseconds;

/// What happened, for people. libcurl's own message may hold the URL, so it is not used.
std::string reason_of(CURLcode result) {
    switch (result) {
        case CURLE_COULDNT_RESOLVE_HOST: return "could not resolve the host name";
        case CURLE_COULDNT_CONNECT: return "could not connect";
        case CURLE_OPERATION_TIMEDOUT: return "could not connect in time";
        case CURLE_GOT_NOTHING: return "connection closed before an answer";
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_ABORTED_BY_CALLBACK: return "connection closed before an answer, and the request is not repeated";
        case CURLE_PARTIAL_FILE: return "connection closed within the answer";
        case CURLE_WRITE_ERROR: return "answer too long";
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY: return "the answer is not HTTP";
        default: return curl().easy_strerror(result);
    }
}

/// The environment's exceptions from its proxy, and this machine: the simulator is never behind one.
std::string hosts_without_proxy() {
    std::string hosts = "localhost,127.0.0.1,::1";
    for (const char* name : {"no_proxy", "NO_PROXY"})
        if (const char* more = std::getenv(name)) return hosts + "," + more;
    return hosts;
}

/// Whether the environment names a proxy, as libcurl reads it; http_proxy in lower case only.
bool names_proxy() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
        if (const char* proxy = std::getenv(name); proxy != nullptr && *proxy != '\0') return true;
    return false;
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

bool has_line_break(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

template <class Handler>
class WaiterOf : public Waiter {
public:
    explicit WaiterOf(Handler handler)
        : executor_(asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked)), handler_(std::move(handler)) {}
    void resume() override { asio::post(executor_, std::move(handler_)); }

private:
    const asio::any_io_executor executor_;  // counts as work: its context is not gone before `resume` is through with it
    Handler handler_;
};

}  // namespace

asio::awaitable<void> CurlTransfer::past(Stage passed) {
    auto wait = [this, passed](auto handler) {
        std::unique_ptr<Waiter> waiter = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler));
        {
            const std::lock_guard lock(mutex_);
            if (stage_ <= passed) {
                waiter_ = std::move(waiter);
                return;
            }
        }
        waiter->resume();
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(wait), asio::use_awaitable);
}

CurlTransfer::Stage CurlTransfer::stage() {
    const std::lock_guard lock(mutex_);
    return stage_;
}

HttpOutcome CurlTransfer::take_outcome() {
    const std::lock_guard lock(mutex_);
    return std::move(outcome_).value();
}

void CurlTransfer::enter(Stage stage, std::optional<HttpOutcome> outcome) {
    std::unique_ptr<Waiter> waiter;
    {
        const std::lock_guard lock(mutex_);
        stage_ = stage;
        outcome_ = std::move(outcome);
        waiter = std::move(waiter_);
    }
    if (waiter) waiter->resume();
}

CURL* CurlTransfer::prepare(Easy handle, SteadyTime now) {
    deadline_ = now + request_.timeout;
    easy_ = std::move(handle);
    CURL* const easy = easy_.get();
    if (easy == nullptr) {
        fail("out of memory");
        return nullptr;
    }
    curl().easy_setopt(easy, CURLOPT_PRIVATE, this);
    curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    // HTTP/2 would refuse and repeat streams by rules of its own; one request at a time on a connection keeps `offered` exact.
    curl().easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl().easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    static const std::string no_proxy = hosts_without_proxy();
    curl().easy_setopt(easy, CURLOPT_NOPROXY, no_proxy.c_str());
    curl().easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max(request_.connect_timeout, milliseconds(1)).count()));
    curl().easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl().easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // giving up on a slow name server must not hold the loop until it answers

    curl().easy_setopt(easy, CURLOPT_PREREQDATA, this);
    curl().easy_setopt(
        easy, CURLOPT_PREREQFUNCTION,
        +[](void* self, char* address, char*, int, int) { return static_cast<CurlTransfer*>(self)->before_request(address); });
    curl().easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl().easy_setopt(
        easy, CURLOPT_HEADERFUNCTION, +[](char* line, std::size_t, std::size_t length, void* self) {
            return static_cast<CurlTransfer*>(self)->take_header({line, length});
        });
    curl().easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl().easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* bytes, std::size_t, std::size_t count, void* self) {
            return static_cast<CurlTransfer*>(self)->take_body({bytes, count});
        });

    if (request_.public_only && !names_proxy()) guard_address();
    if (curl().easy_setopt(easy, CURLOPT_URL, request_.url.c_str()) != CURLE_OK) {
        fail("no valid URL");
        return nullptr;
    }
    if (!set_up_headers()) {
        fail("a header of the request holds a line break");
        return nullptr;
    }
    set_up_body();
    return easy;
}

/// The addresses that a name stands for are looked at where the connection is made, so that a name cannot stand for another one by then.
void CurlTransfer::guard_address() {
    guards_address_ = true;
    curl().easy_setopt(easy_.get(), CURLOPT_OPENSOCKETDATA, this);
    curl().easy_setopt(
        easy_.get(), CURLOPT_OPENSOCKETFUNCTION,
        +[](void* self, curlsocktype, curl_sockaddr* to) { return static_cast<CurlTransfer*>(self)->open_socket(*to); });
}

curl_socket_t CurlTransfer::open_socket(const curl_sockaddr& to) {
    if (is_public(to.addr)) return ::socket(to.family, to.socktype | SOCK_CLOEXEC, to.protocol);
    refuse_address();
    return CURL_SOCKET_BAD;
}

void CurlTransfer::refuse_address() {
    address_refused_ = true;
    refusal_ = "the address is not one of the public Internet";
}

bool CurlTransfer::set_up_headers() {
    const auto append = [this](const std::string& line) { headers_.reset(curl().slist_append(headers_.release(), line.c_str())); };
    bool has_content_type = false;
    for (const auto& [name, value] : request_.headers) {
        if (has_line_break(name) || has_line_break(value)) return false;
        has_content_type = has_content_type || lower(name) == "content-type";
        append(value.empty() ? name + ";" : name + ": " + value);
    }
    append("Expect:");
    if (!has_content_type) append("Content-Type:");
    curl().easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
    return true;
}

std::size_t CurlTransfer::body_size() const {
    return request_.source ? request_.source->size() : request_.body.size();
}

void CurlTransfer::set_up_body() {
    CURL* const easy = easy_.get();
    if (body_size() == 0) {
        if (request_.method == "HEAD") {
            curl().easy_setopt(easy, CURLOPT_NOBODY, 1L);
        } else if (request_.method == "GET") {
            curl().easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        } else {
            curl().easy_setopt(easy, CURLOPT_POSTFIELDS, "");
            curl().easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
        }
        return;
    }
    // Never CURLOPT_POSTFIELDS: libcurl sends such a body twice, silently, when a reused connection closes without an answer.
    curl().easy_setopt(easy, CURLOPT_POST, 1L);
    curl().easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_size()));
    if (request_.method != "POST") curl().easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    curl().easy_setopt(easy, CURLOPT_READDATA, this);
    curl().easy_setopt(
        easy, CURLOPT_READFUNCTION,
        +[](char* to, std::size_t size, std::size_t count, void* self) { return static_cast<CurlTransfer*>(self)->read(to, size * count); });
    curl().easy_setopt(
        easy, CURLOPT_SEEKFUNCTION, +[](void*, curl_off_t, int) -> int { return CURL_SEEKFUNC_FAIL; });
}

/// Called for each request that goes on the wire. A reused connection that turns out dead makes libcurl begin a second one: harmless while
/// the first was a head that waits for its body, a repetition otherwise.
int CurlTransfer::before_request(const char* address) {
    ++requests_begun_;
    // A reused connection was made for another request, which may trust the address.
    if (guards_address_ && !is_public(address)) {
        refuse_address();
        return CURL_PREREQFUNC_ABORT;
    }
    const bool repeats = offered_ > 0 || (requests_begun_ > 1 && body_size() == 0);
    return repeats ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/// Runs a caller's function on a thread where no other code would catch its exception.
template <class Call>
void CurlTransfer::guarded(Call call) {
    try {
        call();
    } catch (const std::exception& error) {
        refusal_ = error.what();
    }
}

std::size_t CurlTransfer::read(char* to, std::size_t room) {
    if (gate_closed_) {
        if (!held_since_) {
            held_since_ = std::chrono::steady_clock::now();
            enter(Stage::at_gate, std::nullopt);
        }
        return CURL_READFUNC_PAUSE;
    }
    const std::size_t count = fill({to, std::min(room, body_size() - offered_)});
    if (count == 0 && offered_ < body_size()) return CURL_READFUNC_ABORT;
    offered_ += count;
    WABOT_FAULT("send.offered");
    return count;
}

/// The next bytes of the body; none when its source has failed.
std::size_t CurlTransfer::fill(std::span<char> to) {
    if (!request_.source) {
        std::memcpy(to.data(), request_.body.data() + offered_, to.size());
        return to.size();
    }
    std::size_t count = 0;
    if (!to.empty()) guarded([&] { count = request_.source->read(to); });
    if (count == 0 && !to.empty() && refusal_.empty()) refusal_ = "the body of the request ended early";
    return count;
}

bool CurlTransfer::offer_to_sink() {
    bool is_wanted = false;
    if (!request_.sink) return is_wanted;
    answer_.status = status();
    guarded([&] { is_wanted = request_.sink->wants(answer_); });
    return is_wanted;
}

int CurlTransfer::status() const {
    long status = 0;
    curl().easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

std::size_t CurlTransfer::take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) answer_.headers.clear();  // those before were of a 1xx
    head_is_whole_ = trimmed(line).empty();
    answer_bytes_ += line.size();
    if (answer_bytes_ > request_.answer_max) return 0;
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
        answer_.headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
    return line.size();
}

std::size_t CurlTransfer::take_body(std::string_view bytes) {
    if (taker_ == Taker::nobody_yet) taker_ = offer_to_sink() ? Taker::sink : Taker::answer;
    if (!refusal_.empty()) return 0;
    if (taker_ == Taker::sink) {
        guarded([&] { request_.sink->take(bytes); });
        return refusal_.empty() ? bytes.size() : 0;
    }
    answer_bytes_ += bytes.size();
    if (answer_bytes_ > request_.answer_max) return 0;
    answer_.body += bytes;
    return bytes.size();
}

void CurlTransfer::open_gate(SteadyTime now) {
    if (!held_since_) return;
    deadline_ += now - *held_since_;
    held_since_.reset();
    gate_closed_ = false;
    curl().easy_pause(easy_.get(), CURLPAUSE_CONT);
}

void CurlTransfer::finish(CURLcode result) {
    if (!refusal_.empty()) return fail(refusal_);
    if (result != CURLE_OK) return fail(reason_of(result));
    if (!head_is_whole_) return fail(reason_of(CURLE_PARTIAL_FILE));
    // A body of no bytes is offered all the same.
    if (taker_ == Taker::nobody_yet) offer_to_sink();
    if (!refusal_.empty()) return fail(refusal_);
    answer_.status = status();
    // A server may refuse a request by its head alone, but it cannot accept a body that it was never offered.
    if (body_size() > 0 && offered_ == 0 && answer_.status < 400) return fail("answered before the body was offered");
    enter(Stage::finished, HttpOutcome(std::move(answer_)));
}

void CurlTransfer::fail(std::string reason) {
    enter(Stage::finished, HttpOutcome(HttpFailure{offered_ > 0, std::move(reason), address_refused_}));
}

}  // namespace wabot
