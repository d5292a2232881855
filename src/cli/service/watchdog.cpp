#include "cli/service/watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "cli/framework/queue_words.hpp"
#include "core/base/log.hpp"
#include "core/database/wait.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto look_interval = 5s;  // of the store
constexpr auto never = SteadyClock::time_point::max();

/// Those of `queues` that are not among `others`.
std::vector<QueueName> without(const std::vector<QueueName>& queues, const std::vector<QueueName>& others) {
    std::vector<QueueName> out;
    for (const QueueName queue : queues)
        if (std::find(others.begin(), others.end(), queue) == others.end()) out.push_back(queue);
    return out;
}

}  // namespace

LoopProbe::LoopProbe(asio::any_io_executor executor) : executor_(std::move(executor)), is_back_(std::make_shared<std::atomic<bool>>(true)) {}

bool LoopProbe::made_progress() {
    if (!is_back_->exchange(false)) return false;
    asio::post(executor_, [is_back = is_back_] { is_back->store(true); });
    return true;
}

ServiceWatchdog::ServiceWatchdog(Database& db, const Environment& environment, Watched signs)
    : db_(db), socket_(environment), signs_(std::move(signs)) {}

ServiceWatchdog::~ServiceWatchdog() {
    stop();
}

void ServiceWatchdog::ready(const std::string& status) {
    told_ = status;
    socket_.send(fmt::format("READY=1\nSTATUS={}", status));
    if (socket_.watchdog() > 0us) pinging_ = std::thread([this] { ping_until_over(); });
    if (socket_.is_open() || signs_.minds_workers) looking_ = std::thread([this] { look_until_over(); });
}

void ServiceWatchdog::stopping() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    socket_.send("STOPPING=1\nSTATUS=stopping");
}

void ServiceWatchdog::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    wake_.notify_all();
    for (std::thread* thread : {&pinging_, &looking_})
        if (thread->joinable()) thread->join();
}

void ServiceWatchdog::ping_until_over() {
    const auto half = socket_.watchdog() / 2;
    auto ping_at = SteadyClock::now() + half;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_until(lock, ping_at, [this] { return is_over_; })) {
        const bool is_stopping = is_stopping_;
        lock.unlock();
        const bool is_alive = is_stopping || signs_.made_progress();
        if (is_alive) socket_.send("WATCHDOG=1");
        ping_at = SteadyClock::now() + (is_alive ? half : half / 4);
        lock.lock();
    }
}

/// Beside the pings: the store may take long to answer, and a server that says so is alive.
void ServiceWatchdog::look_until_over() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, look_interval, [this] { return is_over_; })) {
        if (is_stopping_) continue;
        lock.unlock();
        look();
        lock.lock();
    }
}

void ServiceWatchdog::look() {
    struct Seen {
        std::vector<QueueRow> queues;
        workers::Attendance attendance;
        std::vector<ThrottledDevice> throttling;
    };
    auto see = [this](Snapshot& db) {
        Seen seen;
        if (socket_.is_open()) seen.queues = queues::list(db);
        seen.attendance = workers::attendance(db);
        if (signs_.report_throttled) seen.throttling = throttling::list(db);
        return seen;
    };
    try {
        const Seen seen = read_and_wait(db_, see);
        std::string status = fmt::format("{}; waiting: {}", signs_.about(), depths_of(seen.queues));
        if (!seen.attendance.unattended.empty()) status += "; " + workers::what_is_missing(seen.attendance);
        tell(status);
        if (signs_.minds_workers) report_unattended(seen.attendance.unattended);
        if (signs_.report_throttled) signs_.report_throttled(seen.throttling);
    } catch (const std::exception&) {
        tell("the store does not answer; see the log");  // where those who wanted something from it have said why
    }
}

void ServiceWatchdog::tell(const std::string& status) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || status == told_) return;
    told_ = status;
    socket_.send("STATUS=" + status);
}

void ServiceWatchdog::report_unattended(const std::vector<QueueName>& unattended) {
    const auto left = without(unattended, unattended_), back = without(unattended_, unattended);
    if (!left.empty()) log::warning("no worker is running", {{"queues", workers::names_of(left)}});
    if (!back.empty()) log::info("workers are running again", {{"queues", workers::names_of(back)}});
    unattended_ = unattended;
}

}  // namespace wabot::cli
