#include "core/operations/webhook_outcome.hpp"

#include <algorithm>

namespace wabot {

struct FatedBody {
    InboxId id;
    InboxState state;
    std::optional<std::string> error;
    Time received_at;
};
WABOT_DESCRIBE(FatedBody, FIELD(id), FIELD(state), FIELD(error), FIELD(received_at))

bool WebhookOutcome::is_settled() const {
    const auto waits = [](const ItemOutcome& item) { return item.takes_turn && !item.outcome; };
    return state != InboxState::received && std::ranges::none_of(items, waits);
}

std::optional<WebhookOutcome> outcome_of_webhook(Snapshot& db, std::string_view kind, const Bytes& digest) {
    static constexpr std::string_view body_sql = "SELECT id, state, error, received_at FROM inbox WHERE kind = $1 AND digest = $2";
    auto body = db.query(body_sql, kind, digest).first<FatedBody>();
    if (!body) return std::nullopt;
    static constexpr std::string_view items_sql = R"sql(
        SELECT i.kind, i.state, i.error, i.message_id, COALESCE(m.takes_turn, $2) AS takes_turn, t.outcome, t.reason, a.key AS agent,
               r.created_at AS replied_at
        FROM inbox_items i LEFT JOIN messages m ON m.id = i.message_id
             LEFT JOIN turns t ON t.last_message_id = i.message_id AND t.outcome IS NOT NULL
             LEFT JOIN agents a ON a.id = t.agent_id LEFT JOIN messages r ON r.id = t.reply_message_id
        WHERE i.inbox_id = $1 ORDER BY i.position LIMIT 1000)sql";
    return WebhookOutcome{body->state, std::move(body->error), body->received_at, db.query(items_sql, body->id, false).all<ItemOutcome>()};
}

}  // namespace wabot
