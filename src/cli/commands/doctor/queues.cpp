#include <fmt/format.h>

#include "cli/commands/doctor/checks.hpp"
#include "cli/framework/queue_words.hpp"
#include "core/base/clock.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/operations/throttling.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot::cli {

void check_workers(Examination& exam) {
    const workers::Attendance attendance = exam.rt.read(workers::attendance);
    if (attendance.unattended.empty())
        exam.findings.push_back({"workers", CheckStatus::pass, fmt::format("{} at work", attendance.at_work)});
    else
        exam.findings.push_back({"workers", CheckStatus::warn, workers::what_is_missing(attendance), workers::way_out(attendance)});
}

/// What nears a limit, or is at one.
void check_pace(Examination& exam) {
    for (ThrottledDevice& throttled : exam.rt.read([](Snapshot& db) { return throttling::list(db); }))
        exam.findings.push_back({fmt::format("pace.{}.{}", throttled.device, to_word(throttled.kind)), CheckStatus::warn, std::move(throttled.detail),
                                 std::move(throttled.hint)});
}

/// No work of ours is left of these, so that no queue tells them.
void check_failed_messages(Examination& exam) {
    const auto failed = exam.rt.read([](Snapshot& db) { return statuses::count_failed(db, db.now() - std::chrono::hours(24)); });
    if (failed == 0) return;
    exam.findings.push_back(
        {"messages.failed", CheckStatus::warn,
         fmt::format("{} message{} of the last 24 h accepted by the provider and then reported failed", failed, failed == 1 ? "" : "s"),
         "wabot message list --state failed; wabot message status ID says why"});
}

void check_queue(Examination& exam) {
    const std::vector<QueueRow> rows = exam.rt.read([](Snapshot& db) { return queues::list(db); });
    exam.findings.push_back({"queue", CheckStatus::pass, depths_of(rows) + " waiting"});
    for (const QueueRow& row : rows) {
        const std::string_view name = to_word(row.name);
        const QueueWords words = words_of_queue(row.name);
        const auto warn = [&](std::int64_t count, std::string_view what, std::string_view in_question, const std::string& hint) {
            if (count > 0)
                exam.findings.push_back({fmt::format("queue.{}.{}", name, what), CheckStatus::warn,
                                         fmt::format("{} {} {}", count, count == 1 ? words.one : words.many, in_question), hint});
        };
        if (row.paused_since)
            exam.findings.push_back({fmt::format("queue.{}.paused", name), CheckStatus::warn,
                                     fmt::format("{} is paused since {} by {}", name, to_iso(*row.paused_since), row.paused_by.value_or("someone")),
                                     fmt::format("wabot queue resume {}", name)});
        if (row.name == QueueName::inbox) {
            warn(row.dead, "dead", "could not be read", "wabot event list --state quarantined");
            warn(row.held, "held", "for no known device", "wabot event list --state unrouted");
            continue;
        }
        warn(row.dead, "dead", "dead", fmt::format("wabot job list --state dead --queue {}; then job retry or job cancel", name));
        warn(row.uncertain, "uncertain", "may have arrived; wabot settles them", "wabot job list --state uncertain");
        warn(row.held, "held", "waiting for a decision",
             fmt::format("wabot job list --state held --queue {}; then job {}", name,
                         row.name == QueueName::send ? "resolve" : "retry or job cancel"));
    }
}

}  // namespace wabot::cli
