#pragma once

#include <optional>
#include <string_view>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

/// Keys of a caller's own, under which asking for a message again is not sending it again. Each actor has its own; `retention` lets them go.
namespace wabot::idempotency {

inline constexpr std::size_t key_length_max = 128;

/// 1 to `key_length_max` printable ASCII characters; Error{invalid}.
void check_key(std::string_view key);

/// The message that was asked for under the key before; nothing when this is the first time: then `settle` is due in the same transaction, and a
/// caller that asks meanwhile waits for its end. Error{conflict} when something else was asked for.
std::optional<MessageId> claim(Transaction& tx, const Cause& cause, std::string_view key, const Bytes& content_hash);
void settle(Transaction& tx, const Cause& cause, std::string_view key, MessageId message);

}  // namespace wabot::idempotency
