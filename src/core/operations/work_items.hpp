#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/pattern.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"
#include "core/queue/pauses.hpp"

namespace wabot {

/// What a turn, a send and a job have in common to those who look after them.
WABOT_ENUM(WorkState, running, available, retrying, uncertain, held, dead, cancelled, done)

/// "turn/7", "send/81", "job/3".
struct WorkId {
    QueueName queue;
    std::int64_t number;
    bool operator==(const WorkId&) const = default;
};
std::string to_text(const WorkId& id);
/// nullopt for anything that is not such a word.
std::optional<WorkId> to_work_id(std::string_view word);

/// A turn, a send or a job as an operator sees it.
struct WorkItem {
    std::string id;
    std::int64_t number;
    std::string kind;  // turn, send, or the kind of the job
    WorkState state;
    std::int64_t attempt;
    std::optional<Time> due_at;
    std::optional<std::string> error;
    std::optional<std::string> error_code;
    std::optional<std::string> device;
    std::optional<ConversationId> conversation_id;
    std::optional<MessageId> message_id;
    std::optional<WorkerId> worker;
    std::optional<std::string> reason;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(WorkItem, FIELD(id, .key = true), FIELD(number, .wide = true), FIELD(kind, .wide = true), FIELD(state), FIELD(attempt),
               FIELD(due_at, .doc = "Time of the next attempt"), FIELD(error),
               FIELD(error_code, .wide = true, .doc = "The provider's code of the last refusal of a send"), FIELD(device, .doc = "The device's key"),
               FIELD(conversation_id), FIELD(message_id, .doc = "The message that is answered (turn) or sent (send)"), FIELD(worker, .wide = true),
               FIELD(reason, .wide = true, .doc = "Turn: the rule that answered; send: how it was settled"), FIELD(created_at, .wide = true),
               FIELD(updated_at))

namespace work {

/// One row of the table that says which rows of a queue are in which state, and what a person may do with them.
struct StateRow {
    QueueName queue;
    WorkState state;
    std::string_view when;     // SQL over t (turns) and its c (conversations), s (sends), j (jobs)
    std::string_view meaning;  // for people
    struct {
        bool retry = false, cancel = false, resolve = false;
    } can;
};
std::span<const StateRow> all_states();

struct Filter {
    std::optional<QueueName> queue;
    std::optional<WorkState> state;  // none: whatever is not finished
    std::optional<DeviceId> device;
    std::optional<Pattern> error;  // found in its last error
};

/// With what stands in a page's `after` to go on after it.
struct ListedItem {
    WorkItem item;
    std::int64_t place;
};
inline const WorkItem& row_of(const ListedItem& listed) {
    return listed.item;
}
inline std::int64_t place_of(const ListedItem& listed) {
    return listed.place;
}

/// Queue by queue and state by state, in the order of the table; within these newest first.
std::vector<ListedItem> list(Snapshot& db, const Filter& filter, const Page& page = {});

/// Error{not_found} with the way out.
WorkItem get(Snapshot& db, const WorkId& id);
/// The row of the table it is in now; the same error.
const StateRow& state_of(Snapshot& db, const WorkId& id);

/// How many are in a state.
std::int64_t count(Snapshot& db, QueueName queue, WorkState state);

}  // namespace work

}  // namespace wabot
