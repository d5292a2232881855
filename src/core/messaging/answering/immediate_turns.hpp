#pragma once

#include <optional>
#include <vector>

#include "core/messaging/answering/turns.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "core/messaging/sending/sends.hpp"

namespace wabot {

/// A turn whose agents answer at once: it is decided before it is claimed. No worker holds it; its facts may have changed when it is written.
struct ReadyTurn {
    ClaimedTurn turn;  // its lane's `lease_no` is the one that was found; there is no row yet
    ClaimedLane send_lane;
    bool send_lane_is_idle = false;
};

/// The short way of a turn. An agent that only computes needs no lease: the turn is looked at by a reader, decided, then taken and finished in one
/// unit, its first send claimed in it. The long way, `turns::claim`, is for agents that wait for something, for turns that failed, and for what the
/// unit here refuses: it counts attempts.
namespace turns {

struct DueTurns {
    std::vector<ReadyTurn> ready;
    bool others = false;  // some that are due have to go the long way
};

/// What is due, longest first, at most `limit`.
DueTurns load_due(Snapshot& db, AnswerCaches& answering, int limit);

/// Decided turns of one unit. `room`: what the worker has hands for.
class ImmediateTurns {
public:
    ImmediateTurns(Transaction& tx, const Cause& cause, WorkerId worker, Time until, sends::SendCapacity room);

    /// Takes the turn and finishes it. False when anything it stands on has changed: it is still due.
    bool finish(const ReadyTurn& ready, const Decision& decision);
    /// After the last one: the sends that are in the worker's hands now.
    std::vector<ClaimedSend> claimed();

private:
    void add_sends(const ReadyTurn& ready, const Decision& decision, MessageId message, std::vector<std::string> parts, bool claims);
    bool take(const ReadyTurn& ready, std::int64_t parts, bool claims);
    bool may_claim(const ReadyTurn& ready);

    Transaction& tx_;
    const Cause& cause_;
    const WorkerId worker_;
    const Time until_;
    sends::SendCapacity room_;
    pacing::Buckets buckets_;
    std::vector<ClaimedSend> claimed_;
};

}  // namespace turns

}  // namespace wabot
