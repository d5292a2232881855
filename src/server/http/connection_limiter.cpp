#include "server/http/connection_limiter.hpp"

namespace wabot {

std::pair<ConnectionLimiter::Answer, ConnectionLimiter::Slot> ConnectionLimiter::enter(const std::string& peer) {
    const std::scoped_lock lock(mutex_);
    if (count_ >= limits_.connections_max) return {Answer::full, Slot()};
    if (!peer.empty()) {
        std::size_t& of_peer = peers_[peer];
        if (of_peer >= limits_.peer_connections_max) return {Answer::too_many_of_peer, Slot()};
        ++of_peer;
    }
    open_.set(static_cast<double>(++count_));
    return {Answer::accepted, Slot(this, peer)};
}

bool ConnectionLimiter::Slot::hold(std::size_t bytes) {
    if (from_ == nullptr || bytes == held_) return true;  // nearly always: no word to the other threads
    if (bytes > held_) {
        const std::size_t more = bytes - held_;
        if (from_->held_.fetch_add(more) + more > from_->limits_.bodies_max) {
            from_->held_ -= more;
            return false;
        }
    } else {
        from_->held_ -= held_ - bytes;
    }
    held_ = bytes;
    return true;
}

bool ConnectionLimiter::wait_until_empty(std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, deadline, [this] { return count_ == 0; });
}

void ConnectionLimiter::leave(const std::string& peer) {
    const std::scoped_lock lock(mutex_);
    if (!peer.empty())
        if (const auto found = peers_.find(peer); --found->second == 0) peers_.erase(found);
    open_.set(static_cast<double>(--count_));
    if (count_ == 0) emptied_.notify_all();
}

}  // namespace wabot
