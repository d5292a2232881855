#include "core/database/task_queue.hpp"

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::size_t queue_max = 20'000;  // units; more are refused at once

Units alone(std::unique_ptr<Database::Task> unit) {
    Units one;
    one.push_back(std::move(unit));
    return one;
}

}  // namespace

bool TaskQueue::push(std::unique_ptr<Database::Task>& unit) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || units_.size() >= queue_max) return false;
        units_.push_back(std::move(unit));
    }
    arrived_.notify_one();
    return true;
}

bool TaskQueue::wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    const auto is_over = [&] { return closed_ || !units_.empty(); };
    ++idle_;
    if (longest == std::chrono::milliseconds::max())
        arrived_.wait(lock, is_over);
    else
        arrived_.wait_for(lock, longest, is_over);
    --idle_;
    return !closed_ || !units_.empty();
}

std::unique_ptr<Database::Task> TaskQueue::take() {
    const std::lock_guard lock(mutex_);
    if (units_.empty()) return nullptr;
    auto unit = std::move(units_.front());
    units_.pop_front();
    return unit;
}

Units TaskQueue::take_overdue(std::chrono::steady_clock::time_point limit) {
    const std::lock_guard lock(mutex_);
    Units out;
    while (!units_.empty() && units_.front()->waiting_since < limit) {
        out.push_back(std::move(units_.front()));
        units_.pop_front();
    }
    return out;
}

bool TaskQueue::empty() const {
    const std::lock_guard lock(mutex_);
    return units_.empty();
}

bool TaskQueue::has_idle() const {
    const std::lock_guard lock(mutex_);
    return idle_ >= units_.size();
}

void TaskQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    arrived_.notify_all();
}

void refuse(Units units, const std::string& why) {
    for (auto& unit : units) unit->failure = std::make_exception_ptr(Error(Errc::unavailable, why));
    complete(std::move(units));
}

void refuse(std::unique_ptr<Database::Task> unit, const std::string& why) {
    refuse(alone(std::move(unit)), why);
}

void complete(std::unique_ptr<Database::Task> unit) {
    complete(alone(std::move(unit)));
}

}  // namespace wabot
