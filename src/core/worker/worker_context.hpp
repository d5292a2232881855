#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "core/base/cause.hpp"
#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/timers.hpp"
#include "core/base/world.hpp"
#include "core/database/database_fault.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/worker/signal.hpp"
#include "core/worker/worker.hpp"

namespace wabot {

inline const Cause by_worker{{"system", "worker"}, ""};
inline constexpr std::chrono::milliseconds poll_interval{50};  // how soon work of other processes is seen

/// What the parts of one worker have in common. On its executor only, `stopping` and the signals excepted.
struct WorkerContext : std::enable_shared_from_this<WorkerContext> {
    WorkerContext(WorkerTools t, WorkerOptions o, WorkerId worker, asio::any_io_executor ex)
        : tools(t), options(o), id(worker), executor(ex), idle_signal(ex), upkeep_signal(ex) {}
    virtual ~WorkerContext() = default;

    WorkerTools tools;
    WorkerOptions options;
    WorkerId id;
    asio::any_io_executor executor;
    Signal idle_signal, upkeep_signal;
    std::atomic<bool> stopping{false};
    static constexpr std::size_t lost_claims_max = 1000;
    std::vector<Time> lost_claims;  // until when: of claims that may have been committed without our hearing of it

    sends::Limits send_limits() const { return {options.send_attempts, options.uncertain_window}; }

    /// Runs beside the loops; a failure is logged and costs at most a lease. The context lives as long.
    void spawn(asio::awaitable<void> work, std::function<void()> ended);
    /// What was spawned for a lane has ended: its lease is lengthened no more, and who waits for it is woken.
    void ended(std::map<ConversationId, ClaimedLane>& in_flight, const ClaimedLane& lane, Signal& signal);

    /// The provider's answer must not be lost because the database is unavailable for a moment: tried until the lease is over.
    template <class Work>
    asio::awaitable<void> write_surely(Work work) {
        // An answer that comes after the lease still settles its send, before it is sent again.
        const auto until = tools.world.clock.since_boot() + options.lease + options.uncertain_window;
        for (;;) {
            try {
                auto again = std::ref(work);
                co_await tools.db.write(again);
                co_return;
            } catch (const Error& error) {
                // A conflict is a row that another unit was quicker to add: seen, the next time.
                const bool passes = is_of_store(error) || error.code() == Errc::conflict;
                if (!passes || tools.world.clock.since_boot() > until) throw;
            }
            co_await tools.world.timers.after(poll_interval);
        }
    }

    /// Runs a unit that claims until `until`, which it sets.
    template <class Claim>
    asio::awaitable<std::invoke_result_t<Claim&, Transaction&>> write_claim(Claim& claim, const Time& until) {
        auto again = std::ref(claim);
        try {
            co_return co_await tools.db.write(again);
        } catch (const Error& error) {
            if (error.code() == Errc::unavailable && until != Time{} && lost_claims.size() < lost_claims_max) lost_claims.push_back(until);
            throw;
        }
    }

    static void log_failure(std::string_view phrase, std::exception_ptr failure);
};

}  // namespace wabot
