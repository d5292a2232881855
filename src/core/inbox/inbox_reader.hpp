#pragma once

#include <optional>
#include <string>

#include "core/base/ids.hpp"
#include "core/changes/feed_cursor.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// A webhook as it came, read or not.
struct ReceivedWebhook {
    InboxId id;
    std::string kind;                     // the channel's word
    std::optional<DeviceId> device_id;    // whose alone it is
    std::optional<DeviceId> verified_by;  // whose secret verified it; none: it was unsigned
    std::optional<Bytes> body;            // sealed; none: blanked after its retention time
    Time received_at;
};
WABOT_DESCRIBE(ReceivedWebhook, FIELD(id), FIELD(kind), FIELD(device_id), FIELD(verified_by), FIELD(body), FIELD(received_at))

/// The inbox as it fills, for watchers: reading changes nothing and waits for no lock.
namespace inbox_reader {

/// Behind the newest.
Cursor end(Snapshot& db);
/// What came after `after`, at most `limit`.
FeedPart<ReceivedWebhook> read(Snapshot& db, const Cursor& after, int limit);

}  // namespace inbox_reader

}  // namespace wabot
