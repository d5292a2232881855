#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agents/agent_cache.hpp"
#include "core/agents/selection.hpp"
#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/contacts/ignore_rules.hpp"
#include "core/database/transaction.hpp"
#include "core/devices/device.hpp"
#include "core/devices/options.hpp"
#include "core/messaging/answering/turn_outcome.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/lanes.hpp"

namespace wabot {

/// One answer of an agent to what a contact wrote; open while `outcome` is none.
struct Turn {
    TurnId id;
    ConversationId conversation_id;
    std::optional<AgentId> agent_id;
    std::optional<std::int64_t> agent_revision;
    MessageId first_message_id;
    MessageId last_message_id;
    std::optional<MessageId> reply_message_id;
    std::int64_t attempt;
    std::optional<TurnOutcome> outcome;
    std::optional<ReasonKind> reason_kind;
    std::optional<std::string> reason;
    std::optional<std::string> last_error;
    std::optional<Time> reopened_at;  // given up on, and wanted after all
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Turn, FIELD(id, .key = true), FIELD(conversation_id, .wide = true), FIELD(agent_id), FIELD(agent_revision, .wide = true),
               FIELD(first_message_id, .wide = true), FIELD(last_message_id, .wide = true), FIELD(reply_message_id), FIELD(attempt), FIELD(outcome),
               FIELD(reason_kind, .wide = true, .doc = "The reason in one word"),
               FIELD(reason, .doc = "Which rule answered, or why there was no answer"), FIELD(last_error, .wide = true),
               FIELD(reopened_at, .wide = true), FIELD(created_at, .wide = true), FIELD(updated_at, .wide = true))

/// The message a turn is about, and what stands around it.
struct TurnMessage {
    ConversationId conversation_id;
    DeviceId device_id;
    ContactId contact_id;
    Control control;
    std::optional<Time> control_until;
    bool is_blocked;
    bool is_group;
    MessageId message_id;
    std::optional<ContactId> author_contact_id;
    std::string message_type;
    std::optional<std::string> content;
    bool is_revoked;       // its author deleted it
    TurnId turn_id;        // the one to go on with, or to answer after all; 0 = not begun
    std::int64_t attempt;  // how often it was claimed before
    std::optional<Time> media_wait_until;
    Time timestamp;   // when it was written, as the provider says
    Time created_at;  // when it was stored
    std::optional<Sealed> phone_number;
    std::optional<Sealed> provider_id;  // of the message, for quotes
};
WABOT_DESCRIBE(TurnMessage, FIELD(conversation_id), FIELD(device_id), FIELD(contact_id), FIELD(control), FIELD(control_until), FIELD(is_blocked),
               FIELD(is_group), FIELD(message_id), FIELD(author_contact_id), FIELD(message_type), FIELD(content), FIELD(is_revoked), FIELD(turn_id),
               FIELD(attempt), FIELD(media_wait_until), FIELD(timestamp), FIELD(created_at), FIELD(phone_number, .sealed = "contacts.phone_number"),
               FIELD(provider_id, .sealed = "messages.whatsapp_message_id"))

/// What answers on a device: read once for all turns of a claim.
struct AnswerSetup {
    bool is_active = true;
    DeviceKind kind = DeviceKind::sim;
    std::string failure;  // why it cannot be asked; empty = it can
    std::int64_t loop_limit = 0;
    OnUncertain on_uncertain = OnUncertain::resend;
    std::vector<Candidate> agents;
    std::shared_ptr<const CompiledIgnoreRules> ignore_book;
};

/// What a process has made ready to answer with.
struct AnswerCaches {
    AgentCache agents;
    IgnoreRuleCache ignore_books;
};

/// A turn in our hands.
struct ClaimedTurn {
    ClaimedLane lane;
    TurnId id;
    std::int64_t attempt = 0;
    TurnMessage message;
    Control control = Control::agent;
    bool is_too_late = false;  // the provider takes no free text any more in answer to this message
    IgnoreFacts facts;
    std::vector<QuestionFile> files;
    std::shared_ptr<const AnswerSetup> setup;
};

/// What came of a turn before it is written down.
struct Decision {
    TurnOutcome outcome = TurnOutcome::no_reply;
    ReasonKind reason_kind = ReasonKind::no_agent;
    std::string reason;
    std::optional<AgentId> agent;
    std::optional<std::int64_t> agent_revision;
    std::vector<std::string> texts;  // a message each
    bool quotes = false;

    /// There is no reply, for this reason.
    void give_none(ReasonKind kind, std::string why);
    /// There would have been one.
    void suppress(ReasonKind kind, std::string why);
};

namespace turns {

struct Limits {
    std::int64_t attempts_max;
};

/// Takes up to `limit` due lanes and opens, or goes on with, the turn of the oldest pending message of each. Attempts count here. A lane whose
/// message waits for its media goes back until then. One that was claimed more often than allowed without a result (it crashes its worker) is dead.
std::vector<ClaimedTurn> claim(Transaction& tx, const Cause& cause, AnswerCaches& answering, int limit, Time until, WorkerId worker,
                               const Limits& limits);

/// Decides who answers: person, ignore rules, agents. Error{unavailable}: the turn failed and may be tried again.
asio::awaitable<Decision> decide(const ClaimedTurn& turn);

/// Writes the decision down: reply, sends and the end of the turn are one unit. Re-reads who answers: a person who took over meanwhile has the
/// word. A fenced turn writes nothing.
void finish(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision);
/// The turn failed: again after a back-off, or dead after its last attempt. `jitter` in [0, 1).
void fail(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const std::string& error, const Limits& limits, double jitter);
/// After a graceful stop released these lanes: the attempts that were under way are not counted.
void refund_attempts(Transaction& tx, const std::vector<ConversationId>& released);

// --- steps that the short way shares (turns_at_once.hpp)

/// The answer set-up of each device, read once.
class AnswerSetups {
public:
    explicit AnswerSetups(AnswerCaches& answering) : answering_(answering) {}
    std::shared_ptr<const AnswerSetup> of(Snapshot& db, DeviceId device);

private:
    AnswerCaches& answering_;
    std::map<DeviceId, std::shared_ptr<const AnswerSetup>> read_;
};

/// The oldest pending message of a lane with all that decides its answer; changes nothing. nullopt: nothing is pending.
std::optional<ClaimedTurn> load_turn(Snapshot& db, AnswerSetups& setups, const ClaimedLane& lane);
/// Whether its message still waits for what came with it.
bool waits_for_media(Snapshot& db, const ClaimedTurn& turn);
/// A reply that would be one too many within the minute becomes none; whether that was so. People are told by `note_loop`.
bool stop_loop(Transaction& tx, const ClaimedTurn& turn, Decision& decision);
void note_loop(Transaction& tx, const Cause& cause, const ClaimedTurn& turn);
/// Stores one text of a decision as a message; its sends are the caller's to add.
MessageId add_reply(Transaction& tx, const Cause& cause, const ClaimedTurn& turn, const Decision& decision, const std::string& text);

/// The turn that answered a message, or whose reply the message is.
std::optional<Turn> find_of_message(Snapshot& db, MessageId id);

}  // namespace turns

}  // namespace wabot
