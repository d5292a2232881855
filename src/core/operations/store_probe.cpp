#include "core/operations/store_probe.hpp"

#include "core/database/transaction.hpp"

namespace wabot {

namespace store_probe {

void write(Transaction& tx) {
    if (tx.execute("UPDATE store_probe SET probed_at = $1 WHERE id = 1", tx.now()) != 1)
        throw Error(Errc::unavailable, "the row that health checks write is missing", "restore a backup");
}

}  // namespace store_probe

bool StoreProbe::is_due() {
    constexpr std::chrono::seconds interval{1};
    const std::lock_guard lock(mutex_);
    const bool is_fresh = checked_at_ && std::chrono::steady_clock::now() - *checked_at_ < interval;
    if (is_fresh || (is_under_way_ && checked_at_)) return false;
    is_under_way_ = true;
    return true;
}

asio::awaitable<std::optional<Error>> StoreProbe::check() {
    if (is_due()) {
        std::optional<Error> failure;
        try {
            co_await db_.write(store_probe::write);
        } catch (const Error& error) {
            failure = error;
        }
        const std::lock_guard lock(mutex_);
        failure_ = std::move(failure);
        checked_at_ = std::chrono::steady_clock::now();
        is_under_way_ = false;
    }
    const std::lock_guard lock(mutex_);
    co_return failure_;
}

}  // namespace wabot
