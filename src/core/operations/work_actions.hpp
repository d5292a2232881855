#pragma once

#include "core/base/cause.hpp"
#include "core/database/transaction.hpp"
#include "core/operations/work_items.hpp"

/// What an operator does to turns, sends and jobs that are stuck. Each step writes a change under the person's name, keeps the lane's
/// counters and the message's status right, and is fenced against workers: what runs is left alone. The table of states in work.cpp says what
/// may be done in which; for the rest Error{conflict} names the state and what can be done, Error{not_found} that there is no such thing. False
/// when the same step was taken already and still stands: then nothing is done.
namespace wabot::work_actions {

/// Tries again, not before `due_at`, with all attempts ahead: a dead turn is answered again before what came later and was not answered
/// yet; of a send a new attempt is queued, before what stands behind its message; a job runs again. What waits for its next attempt does not wait
/// any longer, and its attempts count on.
bool retry(Transaction& tx, const Cause& cause, const WorkId& id, Time due_at);

/// Cancels: the turn is not answered, the send is not sent (or no longer settled), the job is not run. Later work goes on.
bool cancel(Transaction& tx, const Cause& cause, const WorkId& id);

enum class Verdict { sent, not_sent };
/// What became of an uncertain or held send: sent settles it, not sent queues a new attempt at once.
bool resolve(Transaction& tx, const Cause& cause, const WorkId& id, Verdict truth);

}  // namespace wabot::work_actions
