#include "core/messaging/idempotency.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"

namespace wabot {

struct KnownRequest {
    Bytes content_hash;
    std::optional<MessageId> message_id;
};
WABOT_DESCRIBE(KnownRequest, FIELD(content_hash), FIELD(message_id))

}  // namespace wabot

namespace wabot::idempotency {

void check_key(std::string_view key) {
    const bool is_printable = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
    if (key.empty() || key.size() > key_length_max || !is_printable)
        throw Error(Errc::invalid, fmt::format("an idempotency key has 1 to {} printable ASCII characters", key_length_max));
}

std::optional<MessageId> claim(Transaction& tx, const Cause& cause, std::string_view key, const Bytes& content_hash) {
    static constexpr std::string_view claim_sql =
        "INSERT INTO idempotency_keys (actor, key, content_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (actor, key) DO NOTHING";
    if (tx.execute(claim_sql, cause.actor.label, key, content_hash, tx.now()) == 1) return std::nullopt;
    static constexpr std::string_view find_sql = "SELECT content_hash, message_id FROM idempotency_keys WHERE actor = $1 AND key = $2";
    const auto known = tx.query(find_sql, cause.actor.label, key).one<KnownRequest>();
    if (known.content_hash != content_hash)
        throw Error(Errc::conflict, "this idempotency key was used for another message", "use a new key for each message");
    return known.message_id;
}

void settle(Transaction& tx, const Cause& cause, std::string_view key, MessageId message) {
    tx.execute("UPDATE idempotency_keys SET message_id = $3 WHERE actor = $1 AND key = $2", cause.actor.label, key, message);
}

}  // namespace wabot::idempotency
