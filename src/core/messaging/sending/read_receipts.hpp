#pragma once

#include <optional>
#include <string_view>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"
#include "core/queue/job_handler.hpp"

namespace wabot {

/// Telling people that their messages were read. A job of its own and no send: it keeps no order with what is said, may be repeated, and must not
/// hold up an answer.
namespace read_receipts {

inline constexpr std::string_view job_kind = "message.read";

/// With `typing` the person also sees for some 25 s that an answer is being written. Nothing when it is in line or told already. Error{conflict} for
/// a message that did not come in.
std::optional<JobId> enqueue(Transaction& tx, const Cause& cause, MessageId message, bool typing);

asio::awaitable<void> run(const JobTools& tools, const ClaimedJob& job);

}  // namespace read_receipts

}  // namespace wabot
