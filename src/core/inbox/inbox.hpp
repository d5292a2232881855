#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

WABOT_ENUM(InboxState, received, done, quarantined, unrouted)

/// A webhook body as it arrived, without the body: `wabot event`.
struct InboxEvent {
    InboxId id;
    std::string kind;  // the channel's word: whatsapp, sim
    std::optional<DeviceId> device_id;
    InboxState state;
    std::optional<std::string> error;
    std::int64_t items;
    std::int64_t messages;
    std::int64_t attempts;
    std::string request_id;
    Time received_at;
    std::optional<Time> done_at;
};
WABOT_DESCRIBE(InboxEvent, FIELD(id, .key = true), FIELD(kind), FIELD(device_id), FIELD(state), FIELD(error),
               FIELD(items, .doc = "Number of items in the body"), FIELD(messages, .doc = "Number of messages stored"), FIELD(attempts, .wide = true),
               FIELD(request_id, .wide = true), FIELD(received_at), FIELD(done_at, .wide = true))

/// One item of a body and what became of it.
struct InboxItem {
    std::int64_t position;
    std::optional<DeviceId> device_id;
    std::string kind;
    std::string state;  // done, double, quarantined, unrouted
    std::optional<std::string> error;
    std::optional<MessageId> message_id;
};
WABOT_DESCRIBE(InboxItem, FIELD(position, .key = true), FIELD(device_id), FIELD(kind), FIELD(state), FIELD(error), FIELD(message_id))

namespace inbox {

inline constexpr std::string_view body_data = "inbox.body";

/// A body on its way in, everything computed that can be computed outside the unit.
struct Arrival {
    std::string kind;
    std::optional<DeviceId> device_id;    // of the path it came in on
    std::optional<DeviceId> verified_by;  // the device whose secret verified it; none: an unsigned one was allowed
    std::int64_t verified_revision = 0;   // the revision of that device whose secret it was
    Bytes digest;
    Bytes body;  // sealed
    std::string request_id;
};

Arrival make_arrival(const Vault& vault, std::string_view kind, std::string_view body, std::string request_id);

enum class Appended {
    stored,    // or there already, beside one that was not
    repeated,  // the same body is there already
    stale,     // the verifying device was changed meanwhile: verify again
};

/// Stores bodies, each once, and says what became of each. Durable when the unit is.
std::vector<Appended> append_all(Transaction& tx, std::span<const Arrival* const> inbox_reader);
Appended append(Transaction& tx, const Arrival& arrival);

/// Newest first. Their time is when they came.
std::vector<InboxEvent> list(Snapshot& db, std::optional<InboxState> state, const Page& page = {});
std::optional<InboxEvent> find(Snapshot& db, InboxId id);
std::vector<InboxItem> items(Snapshot& db, InboxId id);
/// Whether a body that came until `time` waits to be read.
bool waits_since(Snapshot& db, Time time);
/// The body in clear; nullopt when it was blanked. Error{not_found}.
std::optional<std::string> body(Snapshot& db, const Vault& vault, InboxId id);

/// Holds the inbox until the transaction ends: for storing what came in, and for creating or changing a device that some of it may be for. Taken
/// before any other row; `try_drain` does not wait: false when another transaction holds it.
void lock_inbox(Transaction& tx);
bool try_drain(Transaction& tx);

/// Puts a body back in line; its stored messages stay, so what was read before is a duplicate now. False when it is in line. Error{not_found};
/// Error{conflict} when the body was blanked.
bool replay(Transaction& tx, const Cause& cause, InboxId id);
/// The same for every unrouted body, when a device appeared or changed. How many.
std::int64_t replay_unrouted(Transaction& tx);

}  // namespace inbox

}  // namespace wabot
