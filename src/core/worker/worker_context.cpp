#include "core/worker/worker_context.hpp"

#include <boost/asio/co_spawn.hpp>

#include "core/base/log.hpp"
#include "core/database/database_fault.hpp"

namespace wabot {

void WorkerContext::spawn(asio::awaitable<void> work, std::function<void()> ended) {
    auto self = shared_from_this();
    asio::co_spawn(executor, std::move(work), [self, ended = std::move(ended)](std::exception_ptr failure) {
        if (failure) log_failure("worker step failed", failure);
        ended();
        self->idle_signal.notify();
    });
}

void WorkerContext::ended(std::map<ConversationId, ClaimedLane>& in_flight, const ClaimedLane& lane, Signal& signal) {
    if (const auto found = in_flight.find(lane.id); found != in_flight.end() && found->second.lease_no == lane.lease_no) in_flight.erase(found);
    signal.notify();
    if (stopping.load()) upkeep_signal.notify();  // which lengthens leases until the last of them has ended
}

void WorkerContext::log_failure(std::string_view phrase, std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        log::error(phrase, {{"error", error.what()}, {"hint", error.hint()}});
    } catch (const std::exception& error) {
        log::error(phrase, {{"error", error.what()}});
    }
}

}  // namespace wabot
