#pragma once

#include <curl/curl.h>

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/http_client/curl_transfer.hpp"

namespace wabot {

/// libcurl's multi interface on a thread of its own, which starts with the first transfer. `order` may be called from any thread, also after
/// `stop`: then a transfer that would begin fails at once, as it does while libcurl or a thread is not to be had.
class CurlLoop {
public:
    enum class Verb { begin, open_gate, give_up };

    explicit CurlLoop(std::size_t in_flight_max) : in_flight_max_(in_flight_max) {}
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;

    void order(Verb verb, std::shared_ptr<CurlTransfer> transfer);
    /// Ends the thread. Every transfer under way has failed when it returns, and every waiting coroutine was posted to its executor.
    void stop();

private:
    using SteadyTime = CurlTransfer::SteadyTime;
    struct Order {
        Verb verb;
        std::shared_ptr<CurlTransfer> transfer;
    };
    struct FreeMulti {
        void operator()(CURLM* multi) const { curl().multi_cleanup(multi); }
    };

    std::string start();
    void open();
    void run();
    bool carry_out_orders();
    void begin_waiting();
    void collect_finished();
    void end_overdue();
    /// A handle to use, and one that was used.
    Easy take_easy();
    void keep(Easy easy);
    int poll_ms() const;
    /// Takes the transfer off the multi handle; empty when it is not on it any more.
    std::shared_ptr<CurlTransfer> release(CURL* easy);
    void give_up(const std::shared_ptr<CurlTransfer>& transfer, const char* reason);
    void fail_all();

    const std::size_t in_flight_max_;
    std::unique_ptr<CURLM, FreeMulti> multi_;

    // the loop's thread only
    std::unordered_map<CURL*, std::shared_ptr<CurlTransfer>> in_flight_;
    std::deque<std::shared_ptr<CurlTransfer>> waiting_;
    std::vector<Easy> idle_;  // making one costs as much as a request

    std::mutex mutex_;
    std::vector<Order> orders_;
    bool stopping_ = false;
    bool is_failure_logged_ = false;
    std::thread thread_;
};

}  // namespace wabot
