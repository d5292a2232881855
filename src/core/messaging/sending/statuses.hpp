#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/channels/delivery.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// What the provider said of a message, as it is kept.
struct ReportedStatus {
    std::string status;  // the provider's word
    Time at;
    std::optional<std::string> error_code;
    std::optional<std::string> error_title;
    std::optional<std::string> pricing;  // "service, regular, not billed"

    /// "131047: Re-engagement message"; nullopt when nothing was wrong.
    std::optional<std::string> error() const;
};
WABOT_DESCRIBE(ReportedStatus, FIELD(status), FIELD(at), FIELD(error_code), FIELD(error_title), FIELD(pricing))

namespace statuses {

/// A status with its ids sealed, ready for the unit.
struct Sealable {
    StatusUpdate update;
    Sealed provider_id;            // under messages::id_data
    std::vector<Bytes> also = {};  // of its other ids
    Bytes recipient_hash;          // of a group's message the participant's; empty when the provider names none
};

/// The message that a status is about; none when it is not known, or not yet.
struct Applied {
    std::optional<MessageId> message;
};

/// Keeps the status, settles the send it names and moves its message. nullopt when it was there already.
std::optional<Applied> apply(Transaction& tx, const Cause& cause, DeviceId device, const Sealable& status);

/// The message of a provider id has become known: joins the statuses that came before it.
void join_early(Transaction& tx, DeviceId device, const Bytes& provider_id_hash, MessageId message);

/// Joins the latest statuses that missed their message: where units run side by side, a status and the answer to its send may not see each other.
void join_leftovers(Transaction& tx);

/// Of a message in the provider's order of time, 200 at most.
std::vector<ReportedStatus> list(Snapshot& db, MessageId message);
/// The one that was stored for a message at that time.
std::optional<ReportedStatus> find_stored(Snapshot& db, MessageId message, Time stored_at);

/// How many messages the provider has accepted and then, since that time, reported failed.
std::int64_t count_failed(Snapshot& db, Time since);

}  // namespace statuses

}  // namespace wabot
