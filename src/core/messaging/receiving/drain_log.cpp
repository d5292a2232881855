#include "core/messaging/receiving/drain_log.hpp"

#include <utility>

#include "core/base/log.hpp"

namespace wabot {

namespace {

template <class Id>
std::string text_of(const std::optional<Id>& id) {
    return id ? std::to_string(id->value) : "unknown";
}

void write_line(const DrainWarning& warning, std::int64_t left_out) {
    switch (warning.kind) {
        case DrainWarningKind::failed_status:
            return log::warning("the provider reports a message as failed", {{"message_id", text_of(warning.message)},
                                                                             {"device_id", text_of(warning.device)},
                                                                             {"error_code", warning.reason},
                                                                             {"event_id", warning.event},
                                                                             {"left_out", left_out}});
        case DrainWarningKind::quarantined:
            return log::warning("webhook quarantined", {{"event_id", warning.event}, {"cause", warning.reason}, {"left_out", left_out}});
        case DrainWarningKind::unrouted:
            return log::warning("webhook unrouted", {{"event_id", warning.event}, {"cause", warning.reason}, {"left_out", left_out}});
    }
}

}  // namespace

void DrainLog::write(std::span<const DrainWarning> warnings, std::chrono::nanoseconds since_start) {
    for (const DrainWarning& warning : warnings) {
        Limit& limit = limits_.at(static_cast<std::size_t>(warning.kind));
        if (limit.throttle.is_first(since_start))
            write_line(warning, std::exchange(limit.left_out, 0));
        else
            ++limit.left_out;
    }
}

}  // namespace wabot
