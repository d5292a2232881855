#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/output/display.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"
#include "core/contacts/contacts.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/messages.hpp"

namespace wabot::cli {

namespace {

struct ConversationListOptions {
    std::optional<std::string> device;
    PagingOptions paging;
};

void conversation_list(Runtime& rt, const ConversationListOptions& opts) {
    List<Conversation> list(rt, "conversation", opts.paging);
    std::optional<DeviceId> device;
    if (opts.device) device = named_device(rt, *opts.device).id;
    list.show([&](Snapshot& db, const Page& page) { return conversations::list(db, device, page); });
}

struct ConversationGetOptions {
    std::string conversation;
    int messages = 50;
};

/// One message as a line of a transcript.
std::string transcript_line(const Message& message, const Conversation& conversation) {
    const std::string who =
        message.direction == Direction::incoming ? conversation.contact.value_or("contact") : std::string(to_word(message.sender_kind));
    const std::string text = message.content.value_or(fmt::format("({})", message.revoked_at ? "revoked" : message.message_type)) +
                             (message.edited_at && !message.revoked_at ? " (edited)" : "");
    const std::string state = message.direction == Direction::incoming ? "" : fmt::format("  [{}]", to_word(message.status));
    return fmt::format("{}  {} › {}{}\n", to_iso(message.timestamp), isolated(escaped_line(who)), isolated(escaped_line(text)), state);
}

void conversation_get(Runtime& rt, const ConversationGetOptions& opts) {
    if (opts.messages < 0 || opts.messages > Page::limit_max) usage_error(fmt::format("--messages takes 0 to {}", Page::limit_max), {}, "--messages");
    const Conversation conversation = rt.read([&](Snapshot& db) { return conversations::get(db, opts.conversation); });
    std::vector<Message> latest;
    if (opts.messages > 0)
        latest = rt.read([&](Snapshot& db) { return messages::list(db, {.conversation = conversation.id}, {.limit = opts.messages}); });
    std::reverse(latest.begin(), latest.end());

    Json extra = Json::object();
    if (const auto contact = rt.read([&](Snapshot& db) { return contacts::find(db, conversation.contact_id); })) add_window(extra, rt, *contact);
    if (rt.out().structured()) {
        extra["messages"] = Json::array();
        for (const Message& message : latest) extra["messages"].push_back(to_json(message, rt.out().options().show));
        return rt.out().object("conversation", conversation, extra);
    }
    rt.out().object("conversation", conversation, extra);
    if (latest.empty()) return;
    std::string transcript = "\n";
    for (const Message& message : latest) transcript += transcript_line(message, conversation);
    rt.out().text(transcript);
}

struct ConversationHandoffOptions {
    std::string conversation;
    Control to = Control::human;
};

void conversation_handoff(Runtime& rt, const ConversationHandoffOptions& opts) {
    const Time until = rt.world().clock.now() + takeover_timeout(rt.settings());
    const auto hand_off = [&](Transaction& tx) {
        const ConversationId id = conversations::get(tx, opts.conversation).id;
        const bool changed = conversations::hand_off(tx, rt.cause(), id, opts.to, until);
        return std::pair(changed, conversations::get(tx, std::to_string(id.value)));
    };
    const auto [changed, conversation] = rt.write(hand_off);
    rt.out().done(changed, "conversation", conversation, "conversation {} {} answered by {}{}", conversation.id.value,
                  changed ? "is now" : "was already", opts.to == Control::human ? "people" : "its agents",
                  opts.to == Control::human ? fmt::format(" until {}", to_iso(until)) : "");
}

}  // namespace

std::span<const Command> conversation_commands() {
    static const Command table[] = {
        // namespace
        {.path = "conversation list",
         .summary = "List the conversations, newest first",
         .columns = fields_of<Conversation>,
         .examples = {{"wabot conversation list", "the newest 50"},
                      {"wabot conversation list --device shop --columns id,contact,control", "with who answers"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ConversationListOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             declare_paging(cmd, opts->paging, "last_message_at");
             return [opts](Runtime& rt) { conversation_list(rt, *opts); };
         }},
        {.path = "conversation get",
         .summary = "Show one conversation and its last messages",
         .columns = fields_of<Conversation>,
         .examples = {{"wabot conversation get 2", "a transcript"},
                      {"wabot conversation get 2 --messages 500 -o json", "more messages, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ConversationGetOptions>();
             cmd.argument("conversation", opts->conversation, "Key or id").required().completes(Noun::conversation);
             cmd.option("--messages", opts->messages, "Number of messages (50)").shown_as("N");
             return [opts](Runtime& rt) { conversation_get(rt, *opts); };
         }},
        {.path = "conversation handoff",
         .summary = "Hand a conversation over to a person, or back to the agents",
         .effect = Effect::writes,
         .columns = fields_of<Conversation>,
         .examples = {{"wabot conversation handoff 2 --to human", "agents do not answer"},
                      {"wabot conversation handoff 2 --to agent", "agents answer again"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ConversationHandoffOptions>();
             cmd.argument("conversation", opts->conversation, "Key or id").required().completes(Noun::conversation);
             cmd.option("--to", opts->to, "Who answers from now on: human or agent").required();
             return [opts](Runtime& rt) { conversation_handoff(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
