#include "cli/commands/message/await.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/framework/wiring.hpp"
#include "core/base/clock.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "core/operations/message_history.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto limit_patience = 5s;  // a provider's limit that ends within is waited for

bool is_reached(MessageStatus status, MessageGoal goal) {
    switch (status) {
        case MessageStatus::sent: return goal == MessageGoal::sent;
        case MessageStatus::delivered: return goal != MessageGoal::read;
        case MessageStatus::read:
        case MessageStatus::played: return true;
        default: return false;
    }
}

/// What stands last in the message's history: why it failed, or what it waits for.
std::string last_step(Runtime& rt, MessageId id) {
    const auto window = uncertain_window(rt.settings());
    const History history = rt.read([&](Snapshot& db) { return messages::history_of(db, id, window); });
    return history.steps.empty() ? "" : history.steps.back().detail;
}

std::string way_on(MessageId id) {
    return fmt::format("wabot message status {} --watch follows it", id.value);
}

/// Ends the wait for what cannot come, or not soon.
void refuse_vain_wait(Runtime& rt, const Message& message) {
    const MessageId id = message.id;
    switch (message.status) {
        case MessageStatus::failed: throw CommandExit(Exit::rejected, fmt::format("message {} failed: {}", id.value, last_step(rt, id)));
        case MessageStatus::cancelled: throw CommandExit(Exit::conflict, fmt::format("message {} was cancelled", id.value));
        case MessageStatus::uncertain:
        case MessageStatus::held:
            throw CommandExit(Exit::uncertain, fmt::format("message {} was handed to the provider, and no clear answer came back", id.value),
                              "a status webhook settles it, or an operator: wabot job list --state uncertain, then --state held");
        default: break;
    }
    if (message.status != MessageStatus::queued) return;
    const auto [pace, now] = rt.read([&](Snapshot& db) { return std::pair(pacing::find(db, message.device_id), db.now()); });
    if (!pace || pace->blocked_until - now < limit_patience) return;
    throw CommandExit(Exit::rate_limited,
                      fmt::format("message {} waits: the provider limits the account until {}", id.value, to_iso(pace->blocked_until)),
                      "it is sent then; " + way_on(id))
        .again_after(std::chrono::ceil<std::chrono::seconds>(pace->blocked_until - now));
}

}  // namespace

void await_message(Runtime& rt, Interrupt& interrupt, MessageId id, MessageGoal goal) {
    std::optional<MessageStatus> status;
    const auto look = [&] {
        const Message message = rt.read([&](Snapshot& db) { return messages::get(db, id); });
        status = message.status;
        if (is_reached(message.status, goal)) return Look::end;
        refuse_vain_wait(rt, message);
        return Look::wait;
    };
    follow(rt, interrupt, look, [&](std::chrono::milliseconds limit) { interrupt.wait(limit); });
    if (!interrupt.caught()) return;
    if (!interrupt.is_out_of_time()) interrupt.exit_by_signal();
    const std::string_view is = status ? to_word(*status) : "queued";
    throw CommandExit(Exit::timeout, fmt::format("message {} is {} and not yet {}: {}", id.value, is, to_word(goal), last_step(rt, id)), way_on(id));
}

}  // namespace wabot::cli
