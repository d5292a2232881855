#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/http_client/curl_library.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

/// A parked coroutine; calling it posts it to its own executor. (Boost 1.81's any_completion_handler cannot be posted.)
class Waiter {
public:
    virtual ~Waiter() = default;
    virtual void resume() = 0;
};

struct FreeEasy {
    void operator()(CURL* easy) const { curl().easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

/// One exchange, shared by the coroutine that waits for it and the thread of the loop that carries it out. `CurlLoop` alone calls what touches
/// libcurl; what crosses the threads is `stage`, the outcome and the waiting coroutine, under one mutex.
///
///     running ─► at_gate (connected, head sent, body held back until `open_gate`) ─► finished
///     running ─► finished                                                             (no body, or it failed earlier)
class CurlTransfer {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;
    enum class Stage { running, at_gate, finished };

    CurlTransfer(HttpRequest request, bool has_gate) : request_(std::move(request)), gate_closed_(has_gate) {}
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    // --- the coroutine's side, any thread ---
    /// Resumes once the stage is later than `passed`: at once, or when the loop's thread gets there.
    asio::awaitable<void> past(Stage passed);
    Stage stage();
    /// Once finished.
    HttpOutcome take_outcome();

    // --- the loop's side, one thread ---
    /// Sets the request up on a handle without settings; nullptr and a finished transfer when libcurl refuses it.
    CURL* prepare(Easy easy, SteadyTime now);
    /// The handle, once the transfer is finished.
    Easy take_handle() { return std::move(easy_); }
    CURL* handle() const { return easy_.get(); }
    /// Lets the body go.
    void open_gate(SteadyTime now);
    /// When it has to be given up; never while the gate is closed.
    std::optional<SteadyTime> deadline() const { return held_since_ ? std::nullopt : std::optional(deadline_); }
    void finish(CURLcode result);
    void fail(std::string reason);

private:
    struct FreeList {
        void operator()(curl_slist* list) const { curl().slist_free_all(list); }
    };

    bool set_up_headers();
    void set_up_body();
    std::size_t body_size() const;
    std::size_t fill(std::span<char> to);
    void guard_address();
    void refuse_address();
    template <class Call>
    void guarded(Call call);
    bool offer_to_sink();
    int status() const;
    void enter(Stage stage, std::optional<HttpOutcome> outcome);

    int before_request(const char* address);
    curl_socket_t open_socket(const curl_sockaddr& to);
    std::size_t read(char* to, std::size_t room);
    std::size_t take_header(std::string_view line);
    std::size_t take_body(std::string_view bytes);

    const HttpRequest request_;

    // the loop's thread only
    std::unique_ptr<curl_slist, FreeList> headers_;
    Easy easy_;
    SteadyTime deadline_;
    std::optional<SteadyTime> held_since_;
    bool gate_closed_;
    int requests_begun_ = 0;
    std::size_t offered_ = 0;
    HttpAnswer answer_;
    bool head_is_whole_ = false;
    std::size_t answer_bytes_ = 0;
    enum class Taker { nobody_yet, answer, sink } taker_ = Taker::nobody_yet;
    std::string refusal_;  // why we ended it ourselves
    bool guards_address_ = false;
    bool address_refused_ = false;

    std::mutex mutex_;
    Stage stage_ = Stage::running;
    std::optional<HttpOutcome> outcome_;
    std::unique_ptr<Waiter> waiter_;
};

}  // namespace wabot
