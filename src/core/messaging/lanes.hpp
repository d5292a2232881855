#pragma once

#include <chrono>
#include <vector>

#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// What must be in order: a conversation has a lane of turns and a lane of sends. Claiming takes the lane, not the job.
enum class Lane { turn, send };

/// A lane in our hands; `lease_no` fences every later write.
struct ClaimedLane {
    ConversationId id;
    std::int64_t lease_no;
};
WABOT_DESCRIBE(ClaimedLane, FIELD(id), FIELD(lease_no))

/// What keeps its lane: the words of a condition on `sends`, as its partial index has them.
inline constexpr char unfinished_sends[] = "(state = 'queued' OR state = 'claimed' OR state = 'handing_over' OR state = 'uncertain')";

namespace lanes {

/// A time that is further ahead than a unit that waits for others may be is one of a clock that was set back.
inline constexpr std::chrono::seconds clock_jump{5};

/// The conversation's row is the lock of all that is its own: lanes, turns, sends, the status of its messages. Who changes these holds it first, by
/// one of the functions below or by this; what was read before that may not be true any more. README.md has the order of locks.
void lock(Transaction& tx, ConversationId id);
/// The same without waiting: false when another transaction holds it.
bool try_lock(Transaction& tx, ConversationId id);

/// A message has come that brings `count` more into a lane, which becomes ready if it was idle.
void add(Transaction& tx, Lane lane, ConversationId id, std::int64_t count);
/// One that was finished is pending again: its lane, if it was idle, is ready at `due_at`.
void add_again(Transaction& tx, Lane lane, ConversationId id, Time due_at);

/// A lane that waits for a later time is due at `due_at`. False when a worker holds it, or when it is due by then anyway.
bool hasten(Transaction& tx, Lane lane, ConversationId id, Time due_at);

/// Due times that were set while the clock was ahead: the lane waits as long as was meant, counted from now. At most 100 lanes of each kind.
void correct_due_times(Transaction& tx);

/// One fewer pending, whatever state the lane is in.
void drop(Transaction& tx, Lane lane, ConversationId id);
/// The same for a lane that no worker holds: what is left is due at `due_at`. 0 when one does, and nothing was changed.
std::int64_t drop_ready(Transaction& tx, Lane lane, ConversationId id, Time due_at);

/// The lane of turns that waits until exactly then, for a message's media, is due now.
void end_wait(Transaction& tx, ConversationId id, Time waited_until);

/// The lanes of turns that are due, longest first, at most `limit`.
std::vector<ClaimedLane> claim_turns(Transaction& tx, int limit, Time until, WorkerId worker);

/// The devices that have sends due and may send: not closed, not told by the provider to wait, with a token. At most 256, which have waited longest,
/// in the order of their ids. What waits for any other device costs nothing.
std::vector<DeviceId> devices_with_sends(Snapshot& db, Time now);
/// Whether a device has sends due.
bool has_sends(Snapshot& db, DeviceId device, Time now);
/// The lanes of a device's sends that are due, longest first, at most `limit`.
std::vector<ClaimedLane> claim_sends(Transaction& tx, DeviceId device, int limit, Time until, WorkerId worker);

/// Gives the lane back with `done` fewer pending, not due before `due_at`. False when it is ours no more (fenced): the unit must write nothing.
bool finish(Transaction& tx, Lane lane, const ClaimedLane& claimed, std::int64_t done, Time due_at);

/// The same for a turn that came to its end: the lane goes on behind this message, or stays where it is when that is further.
bool finish_turn(Transaction& tx, const ClaimedLane& claimed, MessageId cursor);

/// Whether the lane is still ours; then it stays so until the unit ends.
bool holds(Transaction& tx, Lane lane, const ClaimedLane& claimed);

/// Sets the pending sends to what is there, ready at `due_at`, unless a worker holds the lane. For callers that settle a send from outside and hold
/// the conversation.
void recount_sends(Transaction& tx, ConversationId id, Time due_at);

/// A longer lease, as long as the lane is ours; not this time when another transaction holds the conversation.
void extend(Transaction& tx, Lane lane, const ClaimedLane& claimed, Time until);

/// Ends what `worker` claimed until exactly then and does not know of, since the answer to its claim was lost: it has expired.
void expire(Transaction& tx, Lane lane, WorkerId worker, Time until);

/// Makes ready again the lanes that expired before `now` and are not locked, or that `worker` held. The lanes that were released.
std::vector<ConversationId> reclaim_expired(Transaction& tx, Lane lane, Time now);
std::vector<ConversationId> reclaim_worker(Transaction& tx, Lane lane, WorkerId worker);

}  // namespace lanes

}  // namespace wabot
