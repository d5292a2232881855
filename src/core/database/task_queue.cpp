#include "core/database/task_queue.hpp"

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::size_t queue_max = 20'000;  // units; more are refused at once

Tasks alone(std::unique_ptr<Database::Task> task) {
    Tasks one;
    one.push_back(std::move(task));
    return one;
}

}  // namespace

bool TaskQueue::push(std::unique_ptr<Database::Task>& task) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || tasks_.size() >= queue_max) return false;
        tasks_.push_back(std::move(task));
    }
    arrived_.notify_one();
    return true;
}

bool TaskQueue::wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    const auto is_over = [&] { return closed_ || !tasks_.empty(); };
    ++idle_;
    if (longest == std::chrono::milliseconds::max())
        arrived_.wait(lock, is_over);
    else
        arrived_.wait_for(lock, longest, is_over);
    --idle_;
    return !closed_ || !tasks_.empty();
}

std::unique_ptr<Database::Task> TaskQueue::take() {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return nullptr;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

Tasks TaskQueue::take_overdue(std::chrono::steady_clock::time_point limit) {
    const std::lock_guard lock(mutex_);
    Tasks out;
    while (!tasks_.empty() && tasks_.front()->waiting_since < limit) {
        out.push_back(std::move(tasks_.front()));
        tasks_.pop_front();
    }
    return out;
}

bool TaskQueue::empty() const {
    const std::lock_guard lock(mutex_);
    return tasks_.empty();
}

bool TaskQueue::has_idle() const {
    const std::lock_guard lock(mutex_);
    return idle_ >= tasks_.size();
}

void TaskQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    arrived_.notify_all();
}

void refuse(Tasks tasks, const std::string& why) {
    for (auto& task : tasks) task->failure = std::make_exception_ptr(Error(Errc::unavailable, why));
    complete(std::move(tasks));
}

void refuse(std::unique_ptr<Database::Task> task, const std::string& why) {
    refuse(alone(std::move(task)), why);
}

void complete(std::unique_ptr<Database::Task> task) {
    complete(alone(std::move(task)));
}

}  // namespace wabot
