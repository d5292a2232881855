#pragma once

#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/channels/content.hpp"
#include "core/channels/send_outcome.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/transaction.hpp"
#include "core/devices/options.hpp"
#include "core/messaging/lanes.hpp"

namespace wabot {

WABOT_ENUM(SendState, queued, claimed, handing_over, sent, failed, uncertain, held, cancelled)

/// One attempt to hand one part of a message to the provider.
struct Send {
    SendId id;
    MessageId message_id;
    ConversationId conversation_id;
    DeviceId device_id;
    std::int64_t part;
    std::int64_t attempt;
    std::int64_t first_attempt;  // since a person last wanted it tried again
    SendState state;
    ContentKind kind = ContentKind::text;
    std::string content;           // a text, or what people read of it
    std::optional<Bytes> payload;  // the object of its kind; none of a plain text
    OnUncertain on_uncertain;
    std::int64_t lease_no;
    std::optional<Time> uncertain_since;
    std::optional<std::string> last_error;
};
WABOT_DESCRIBE(Send, FIELD(id, .key = true), FIELD(message_id), FIELD(conversation_id), FIELD(device_id), FIELD(part), FIELD(attempt),
               FIELD(first_attempt), FIELD(state), FIELD(kind), FIELD(content), FIELD(payload, .secret = true), FIELD(on_uncertain), FIELD(lease_no),
               FIELD(uncertain_since), FIELD(last_error))

/// A send in our hands.
struct ClaimedSend {
    ClaimedLane lane;
    Send send;
    SealedTarget target;
    std::optional<Sealed> quoted;    // the provider's id of the message it quotes, under messages::id_data
    std::int64_t device_revision;    // of the configuration it is to be sent with
    std::optional<Time> limit_seen;  // the provider's last word that the device is too fast, when nothing was accepted since
};

namespace sends {

inline constexpr std::string_view payload_data = "sends.payload";

/// What the sends of a message hold, in order.
struct Parts {
    std::vector<std::string> texts;  // one, unless a text is split
    ContentKind kind = ContentKind::text;
    std::optional<Bytes> payload = {};  // of each part: the object of its kind, sealed under payload_data
};

/// Who holds a lane, and under which number.
struct LaneHolder {
    WorkerId worker;
    std::int64_t lease_no;
};

/// The rows of a stored message's parts, the first one `claimed` when there is a hand for it; the lane is the caller's to move. The first one's id.
SendId add_parts(Transaction& tx, MessageId message, ConversationId conversation, DeviceId device, const Parts& parts, OnUncertain on_uncertain,
                 const std::optional<LaneHolder>& hand);

/// Puts the parts of a stored message on its conversation's send lane, in order.
void queue(Transaction& tx, MessageId message, ConversationId conversation, DeviceId device, const Parts& parts, OnUncertain on_uncertain);

/// Error{not_found}.
Send get(Snapshot& db, SendId id);
/// The send that goes next in a conversation, or is under way: the oldest unfinished one of its earliest message.
std::optional<SendId> head_of(Snapshot& db, ConversationId id);

/// One more attempt of the same part. The lane does not know of it yet.
void queue_again(Transaction& tx, const Send& send, std::int64_t attempt, std::int64_t first_attempt);
/// Two accepted attempts of one part: the contact got it twice. To be called after one was accepted.
void note_duplicate(Transaction& tx, const Cause& cause, const Send& send);

/// Our own id of an attempt, which comes back in the provider's statuses: "<message>.<part>.<attempt>".
std::string opaque_of(const Send& send);

struct Limits {
    std::int64_t attempts_max;
    std::chrono::milliseconds uncertain_window;
};

struct Claimed {
    std::vector<ClaimedSend> sends;
    std::size_t lanes = 0;  // that were looked at; 0 = nothing was due
};

/// How many sends there are hands for, in all and of each device.
class SendCapacity {
public:
    SendCapacity(int in_all) : in_all_(in_all) {}  // of any device
    SendCapacity(int in_all, int of_others, std::map<DeviceId, int> of) : in_all_(in_all), of_others_(of_others), of_(std::move(of)) {}
    int in_all() const { return in_all_; }
    int of(DeviceId device) const;
    SendCapacity at_most(int in_all) const;
    void take(DeviceId device, int count = 1);

private:
    int in_all_;
    int of_others_ = std::numeric_limits<int>::max();  // of each that has no number of its own
    std::map<DeviceId, int> of_;
};

/// Takes due lanes and, of each, the oldest unfinished send: as many of a device as it has tokens and there is room for, the devices alike. Behind an
/// uncertain one it waits until that one's window is over, when it is sent anew or held. Gives only what is to be sent now.
Claimed claim(Transaction& tx, const Cause& cause, SendCapacity room, Time until, WorkerId worker, const Limits& limits);

/// The commit before the first byte. Error{stale} when the send is not ours any more.
void begin_hand_over(Transaction& tx, const ClaimedSend& claimed, const Bytes& body_hash);

/// What became of it; `provider_id` is sealed under messages::id_data. A fenced outcome changes nothing, but that the provider has accepted is
/// believed even then: it settles the attempt.
void record_sent(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, const Sealed& provider_id);
/// Back in the queue with back-off, failed for good, or the device in error, as its class says. `jitter` in [0, 1). Whether the device stopped now.
bool record_refused(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, const NotSent& refusal, const Limits& limits, double jitter);
void record_uncertain(Transaction& tx, const Cause& cause, const ClaimedSend& claimed, std::string_view detail, const Limits& limits);
/// Nothing was offered and nothing went wrong: back as it was, at once.
void give_back(Transaction& tx, const ClaimedSend& claimed);

/// The refusal of a message by a person who wants no marketing is the contact's wish; any other code says nothing.
void note_no_marketing(Transaction& tx, const Cause& cause, DeviceId device, MessageId message, std::string_view code, Time at);

/// After a graceful stop released these lanes: what was claimed and not offered goes back as it was. What was being handed over is for
/// `recover_sends`.
void refund_attempts(Transaction& tx, const std::vector<ConversationId>& released);
/// After the lanes of a dead or late worker were released: what it had claimed is queued again, what it was handing over is uncertain.
void recover_sends(Transaction& tx, const Cause& cause, const std::vector<ConversationId>& released, const Limits& limits);

/// The provider has accepted an attempt, as a status says that carries our id (`by`: "status"). Whether there is such an attempt.
/// With `arrived` what is queued to repeat it need not go; an attempt that was accepted and then failed leaves the repeat alone.
bool settle(Transaction& tx, const Cause& cause, DeviceId device, std::string_view callback_token, const Sealed& provider_id, std::string_view by,
            bool arrived = true);

}  // namespace sends

}  // namespace wabot
