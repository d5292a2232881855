#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/base/error.hpp"
#include "core/database/database.hpp"
#include "core/inbox/inbox.hpp"

namespace wabot {

/// Webhooks' bodies on their way into the inbox: those that come while a commit is under way go into the next one together, in a few statements. Any
/// thread.
class AppendQueue {
public:
    static constexpr std::size_t waiting_max = 2'000;
    /// Who comes when the first in line has waited so long is told to come again at once.
    static constexpr std::chrono::seconds line_wait_max{2};

    explicit AppendQueue(Database& db);
    ~AppendQueue();

    /// Durable when it comes back. Error{unavailable} as from `Database::write`, and when too many wait or it has waited too long.
    asio::awaitable<inbox::Appended> append(inbox::Arrival arrival);

    /// Why the last body could not be stored, for 10 s after it; nullopt when it was stored. Any thread.
    std::optional<Error> recent_failure() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace wabot
