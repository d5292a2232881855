#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/database/transaction.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/answering/turn_outcome.hpp"

namespace wabot {

/// What became of one item of a webhook body, down to the answer.
struct ItemOutcome {
    std::string kind;   // message, status, ...
    std::string state;  // done, double, quarantined, unrouted
    std::optional<std::string> error;
    std::optional<MessageId> message_id;
    bool takes_turn;
    std::optional<TurnOutcome> outcome;  // none: not decided yet, or no answer is wanted
    std::optional<std::string> reason;
    std::optional<std::string> agent;
    std::optional<Time> replied_at;
};
WABOT_DESCRIBE(ItemOutcome, FIELD(kind), FIELD(state), FIELD(error), FIELD(message_id), FIELD(takes_turn), FIELD(outcome), FIELD(reason),
               FIELD(agent), FIELD(replied_at))

/// What became of a body.
struct WebhookOutcome {
    InboxState state;
    std::optional<std::string> error;
    Time received_at;
    std::vector<ItemOutcome> items;

    /// Nothing more follows from it by itself, sending and statuses apart.
    bool is_settled() const;
};

/// Of the body with this digest (`Vault::hash` of its bytes); nullopt when it is not in the inbox.
std::optional<WebhookOutcome> outcome_of_webhook(Snapshot& db, std::string_view kind, const Bytes& digest);

}  // namespace wabot
