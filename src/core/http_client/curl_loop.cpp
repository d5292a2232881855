#include "core/http_client/curl_loop.hpp"

#include <signal.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace wabot {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll_max{60'000};
constexpr const char* client_closed = "the client was closed";

/// Signals belong to the main loop; and OpenSSL's writes to a closed connection would raise SIGPIPE, which CURLOPT_NOSIGNAL leaves to us.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

void CurlLoop::order(Verb verb, std::shared_ptr<CurlTransfer> transfer) {
    std::string why_not = client_closed;
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) {
            if (!multi_ && verb != Verb::begin) return;  // it never began
            if (!multi_) why_not = start();
            if (multi_) {
                orders_.push_back({verb, std::move(transfer)});
                curl().multi_wakeup(multi_.get());
                return;
            }
        }
    }
    if (verb == Verb::begin) transfer->fail(std::move(why_not));
}

/// Under the mutex. Says why it could not, which leaves things as they were: the next transfer tries again. Logged once.
std::string CurlLoop::start() {
    try {
        open();
        return {};
    } catch (const Error& error) {
        if (!std::exchange(is_failure_logged_, true)) log::error("no requests can be made", {{"error", error.what()}, {"hint", error.hint()}});
        return error.what();
    }
}

void CurlLoop::open() {
    std::unique_ptr<CURLM, FreeMulti> multi(curl().multi_init());
    if (!multi) throw Error(Errc::unavailable, "libcurl gives no handle");
    curl().multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(in_flight_max_));
    multi_ = std::move(multi);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        multi_.reset();
        throw Error(Errc::unavailable, std::string("no thread for requests: ") + error.what());
    }
}

void CurlLoop::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        stopping_ = true;
        if (multi_) curl().multi_wakeup(multi_.get());
    }
    if (thread_.joinable()) thread_.join();
    multi_.reset();
}

void CurlLoop::run() {
    block_signals();
    while (carry_out_orders()) {
        begin_waiting();
        int running = 0;
        curl().multi_perform(multi_.get(), &running);
        collect_finished();
        end_overdue();
        curl().multi_poll(multi_.get(), nullptr, 0, poll_ms(), nullptr);
    }
    fail_all();
}

bool CurlLoop::carry_out_orders() {
    std::vector<Order> orders;
    bool go_on = true;
    {
        const std::lock_guard lock(mutex_);
        orders.swap(orders_);
        go_on = !stopping_;
    }
    for (Order& order : orders) {
        switch (order.verb) {
            case Verb::begin: waiting_.push_back(std::move(order.transfer)); break;
            case Verb::open_gate: order.transfer->open_gate(steady_clock::now()); break;
            case Verb::give_up: give_up(order.transfer, "given up"); break;
        }
    }
    return go_on;
}

void CurlLoop::begin_waiting() {
    while (!waiting_.empty() && in_flight_.size() < in_flight_max_) {
        const std::shared_ptr<CurlTransfer> transfer = std::move(waiting_.front());
        waiting_.pop_front();
        CURL* const easy = transfer->prepare(take_easy(), steady_clock::now());
        if (easy == nullptr) {
            keep(transfer->take_handle());
            continue;
        }
        in_flight_.emplace(easy, transfer);
        curl().multi_add_handle(multi_.get(), easy);
    }
}

void CurlLoop::collect_finished() {
    int left = 0;
    while (const CURLMsg* message = curl().multi_info_read(multi_.get(), &left)) {
        const CURLcode result = message->data.result;
        if (const std::shared_ptr<CurlTransfer> transfer = release(message->easy_handle)) {
            transfer->finish(result);
            keep(transfer->take_handle());
        }
    }
}

Easy CurlLoop::take_easy() {
    if (idle_.empty()) return Easy(curl().easy_init());
    Easy easy = std::move(idle_.back());
    idle_.pop_back();
    return easy;
}

void CurlLoop::keep(Easy easy) {
    if (!easy || idle_.size() >= in_flight_max_) return;
    curl().easy_reset(easy.get());
    idle_.push_back(std::move(easy));
}

void CurlLoop::end_overdue() {
    const SteadyTime now = steady_clock::now();
    std::vector<std::shared_ptr<CurlTransfer>> overdue;
    for (const auto& [easy, transfer] : in_flight_)
        if (const auto deadline = transfer->deadline(); deadline && *deadline <= now) overdue.push_back(transfer);
    for (const auto& transfer : overdue) give_up(transfer, "no answer in time");
}

int CurlLoop::poll_ms() const {
    if (!waiting_.empty() && in_flight_.size() < in_flight_max_) return 0;
    SteadyTime until = steady_clock::now() + poll_max;
    for (const auto& [easy, transfer] : in_flight_)
        if (const auto deadline = transfer->deadline()) until = std::min(until, *deadline);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    return static_cast<int>(std::max(left, std::chrono::milliseconds(0)).count());
}

std::shared_ptr<CurlTransfer> CurlLoop::release(CURL* easy) {
    const auto found = in_flight_.find(easy);
    if (found == in_flight_.end()) return nullptr;
    std::shared_ptr<CurlTransfer> transfer = std::move(found->second);
    in_flight_.erase(found);
    curl().multi_remove_handle(multi_.get(), easy);
    return transfer;
}

void CurlLoop::give_up(const std::shared_ptr<CurlTransfer>& transfer, const char* reason) {
    if (std::erase(waiting_, transfer) == 0 && !release(transfer->handle())) return;
    transfer->fail(reason);
    keep(transfer->take_handle());
}

void CurlLoop::fail_all() {
    while (!in_flight_.empty()) release(in_flight_.begin()->first)->fail(client_closed);
    for (const auto& transfer : waiting_) transfer->fail(client_closed);
    waiting_.clear();
    idle_.clear();
}

}  // namespace wabot
