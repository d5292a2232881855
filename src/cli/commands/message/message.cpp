#include "cli/commands.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands/message/await.hpp"
#include "cli/commands/message/content.hpp"
#include "cli/commands/message/local_file.hpp"
#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/output/stream.hpp"
#include "core/agents/agents.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/idempotency.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/compose.hpp"
#include "core/messaging/sending/read_receipts.hpp"
#include "core/operations/message_history.hpp"

namespace wabot {

/// A line of `message status`.
struct MessageStep {
    MessageId message_id;
    Time at;
    std::string what;
    std::string detail;
};
WABOT_DESCRIBE(MessageStep, FIELD(message_id, .key = true), FIELD(at), FIELD(what), FIELD(detail))

namespace cli {

namespace {

struct MessageListOptions {
    std::optional<std::string> device, conversation;
    std::optional<Direction> direction;
    std::optional<MessageStatus> status;
    PagingOptions paging;
};

void message_list(Runtime& rt, const MessageListOptions& opts) {
    List<Message> list(rt, "message", opts.paging);
    messages::Filter filter{.direction = opts.direction, .status = opts.status};
    if (opts.device) filter.device = named_device(rt, *opts.device).id;
    if (opts.conversation) filter.conversation = rt.read([&](Snapshot& db) { return conversations::get(db, *opts.conversation).id; });
    list.show([&](Snapshot& db, const Page& page) { return messages::list(db, filter, page); });
}

struct MessageGetOptions {
    std::string message;
};

/// The turn of a message: which agent answered and why, or why none did.
Json turn_of(Runtime& rt, MessageId id) {
    const auto turn = rt.read([&](Snapshot& db) { return turns::find_of_message(db, id); });
    if (!turn) return nullptr;
    Json json = to_json(*turn);
    json["agent"] = nullptr;
    if (turn->agent_id) json["agent"] = rt.read([&](Snapshot& db) { return agents::get(db, *turn->agent_id).key; });
    return json;
}

/// The files that came with a message, and why one is not there.
Json media_of(Runtime& rt, MessageId id) {
    Json json = Json::array();
    for (const Media& medium : rt.read([&](Snapshot& db) { return media::of_message(db, id); })) json.push_back(to_json(medium));
    return json;
}

void message_get(Runtime& rt, const MessageGetOptions& opts) {
    const MessageId id{id_of("message", opts.message)};
    const Message message = rt.read([&](Snapshot& db) { return messages::get(db, id); });
    Json extra{{"turn", turn_of(rt, id)}, {"files", media_of(rt, id)}};
    if (rt.reveals()) {
        const Vault& vault = rt.vault();
        const auto raw = rt.read([&](Snapshot& db) { return messages::raw_of(db, vault, id); });
        extra["raw"] = raw ? Json(*raw) : Json(nullptr);
        const auto kept = rt.read([&](Snapshot& db) { return messages::kept_content(db, id); });
        if (message.revoked_at) extra["kept_content"] = kept ? Json(*kept) : Json(nullptr);
    }
    rt.out().object("message", message, extra);
}

struct MessageSendOptions {
    std::string to;
    std::optional<std::string> device;
    ContentOptions content;
    std::optional<std::string> reply_to;
    std::optional<std::string> idempotency_key;
    std::optional<MessageGoal> wait;
};

/// The named contact, created when it is an address without a contact yet.
ContactId recipient(Transaction& tx, const Cause& cause, const Vault& vault, const Device& device, const std::string& who) {
    const auto address = wabot::to_address(who);
    if (!address && who.starts_with("+")) throw Error(Errc::invalid, "the recipient is not a phone number: + and 7 to 15 digits, country code first");
    if (!address) return contacts::get(tx, vault, who, device.id).id;
    return contacts::find_or_add(tx, cause, device.id, seal_person(vault, *address)).id;
}

/// With the file of this machine that it goes with, if any.
Content with_file(const AskedContent& asked, FileId file) {
    Content content{asked.kind, asked.object};
    if (!asked.path) return content;
    Json object = read_json(asked.object.text);
    object["file"] = file.value;
    content.object.text = write_json(object);
    return content;
}

/// What must be the same for two requests to be the same: to whom, by which device, and what.
std::string fingerprint(const AskedContent& asked, const std::optional<LocalFile>& file, const messages::OperatorMessage& message) {
    const Json facts{
        {"device", message.device.value}, {"contact", message.contact.value},       {"kind", to_word(asked.kind)},
        {"object", asked.object.text},    {"file", file ? file->facts.sha256 : ""}, {"reply_to", message.reply_to.value_or(MessageId{}).value}};
    return write_json(facts);
}

void message_send(Runtime& rt, const MessageSendOptions& opts) {
    const AskedContent asked = read_content(opts.content);
    std::optional<Interrupt> interrupt;
    if (opts.wait && !rt.dry_run()) interrupt.emplace(rt);
    const auto& other = opts.content.to_message ? opts.content.to_message : opts.reply_to;
    if (asked.kind == ContentKind::reaction && opts.reply_to) usage_error("--reply-to cannot be combined with a reaction", {}, "--reply-to");
    if (opts.idempotency_key) idempotency::check_key(*opts.idempotency_key);
    const Device device = device_or_only(rt, opts.device);
    const Vault& vault = rt.vault();
    messages::OperatorMessage typed{.device = device.id, .despite_no_marketing = rt.globals().yes};
    if (other) typed.reply_to = MessageId{id_of("message", *other)};
    typed.conversation_key = conversations::new_key(rt.world().random);
    typed.takeover_until = rt.world().clock.now() + takeover_timeout(rt.settings());
    const auto file = asked.path ? std::optional(look_at(*asked.path, asked.kind)) : std::nullopt;
    if (file) content::check(with_file(asked, FileId{1}));
    const auto blobs = file ? open_local_blobs(files_folder(rt.settings())) : nullptr;
    const std::string key = new_blob_key(rt.world().random);
    if (file && !rt.dry_run()) keep(*blobs, key, *file);
    const auto send = [&](Transaction& tx) -> Changed<Message> {
        messages::OperatorMessage message = typed;
        message.contact = recipient(tx, rt.cause(), vault, device, opts.to);
        if (opts.idempotency_key) {
            const Bytes hash = vault.hash(fingerprint(asked, file, message));
            const auto first = idempotency::claim(tx, rt.cause(), *opts.idempotency_key, hash);
            if (first) return {messages::get(tx, *first), false};
        }
        const FileId file_id = file ? add(tx, rt.world().random, *blobs, key, *file, device.id) : FileId{};
        message.content = messages::seal_content(vault, with_file(asked, file_id));
        const MessageId id = messages::send_as_operator(tx, rt.cause(), message);
        if (opts.idempotency_key) idempotency::settle(tx, rt.cause(), *opts.idempotency_key, id);
        return {messages::get(tx, id), true};
    };
    auto [sent, changed] = rt.write(send);
    const std::string queued = changed ? fmt::format("queued message {} on {}; agents do not answer in conversation {} for now", sent.id.value,
                                                     device.key, sent.conversation_id.value)
                                       : fmt::format("message {} was already queued under this key", sent.id.value);
    if (!interrupt) return rt.out().done(changed, "message", sent, "{}", queued);
    rt.out().say("{}", queued);
    rt.out().note_change(changed);
    await_message(rt, *interrupt, sent.id, *opts.wait);
    sent = rt.read([id = sent.id](Snapshot& db) { return messages::get(db, id); });
    rt.out().done(changed, "message", sent, "message {} is {}", sent.id.value, to_word(sent.status));
}

struct MessageReadOptions {
    std::string message;
    bool typing = false;
};

void message_read(Runtime& rt, const MessageReadOptions& opts) {
    const MessageId id{id_of("message", opts.message)};
    const auto job = rt.write([&](Transaction& tx) { return read_receipts::enqueue(tx, rt.cause(), id, opts.typing); });
    if (job)
        rt.out().did(true, "message {} will be marked as read (job/{})", id.value, job->value);
    else
        rt.out().did(false, "message {} is already marked as read", id.value);
}

struct MessageStatusOptions {
    std::vector<std::string> messages;
    bool watch = false;
};

History history(Runtime& rt, MessageId id) {
    const auto window = uncertain_window(rt.settings());
    return rt.read([&](Snapshot& db) { return messages::history_of(db, id, window); });
}

/// Shows each step once, as it comes, until nothing more is bound to come.
void watch(Runtime& rt, Interrupt& interrupt, const std::vector<MessageId>& ids) {
    StreamTable table(rt.out(), fields_of<MessageStep>, {10, 8, 12});
    std::map<MessageId, std::set<std::string>> shown;
    const auto look = [&] {
        bool is_final = true;
        for (const MessageId id : ids) {
            const History now = history(rt, id);
            is_final = is_final && now.is_final;
            for (const HistoryStep& step : now.steps)
                if (shown[id].insert(step.what + " " + step.detail).second) table.add(MessageStep{id, step.at, step.what, step.detail});
        }
        return is_final ? Look::end : Look::wait;
    };
    follow(rt, interrupt, look, [&](std::chrono::milliseconds limit) { interrupt.wait(limit); });
    if (interrupt.caught()) interrupt.exit_by_signal();
}

void message_status(Runtime& rt, const MessageStatusOptions& opts) {
    std::vector<MessageId> ids;
    for (const std::string& word : opts.messages) ids.push_back({id_of("message", word)});
    if (opts.watch) {
        Interrupt interrupt(rt);
        return watch(rt, interrupt, ids);
    }
    std::vector<MessageStep> steps;
    for (const MessageId id : ids)
        for (const HistoryStep& step : history(rt, id).steps) steps.push_back({id, step.at, step.what, step.detail});
    rt.out().list("message", steps);
}

}  // namespace

std::span<const Command> message_commands() {
    static const Command table[] = {
        // namespace
        {.path = "message list",
         .summary = "List the messages, newest first",
         .columns = fields_of<Message>,
         .examples = {{"wabot message list --device shop", "the newest 50 of a device"},
                      {"wabot message list --direction incoming --all -o jsonl", "all incoming messages, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<MessageListOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             cmd.option("--conversation", opts->conversation, "Only of this contact").completes(Noun::conversation);
             cmd.option("--direction", opts->direction, "Only this direction");
             cmd.option("--state", opts->status, "Only rows in this state");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { message_list(rt, *opts); };
         }},
        {.path = "message get",
         .summary = "Show one message, its turn and why it was answered or not; --reveal adds the raw item",
         .columns = fields_of<Message>,
         .examples = {{"wabot message get 1", "which rule answered"}, {"wabot message get 1 --reveal -o json", "with numbers in full"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<MessageGetOptions>();
             cmd.argument("message", opts->message, "Id").required().completes(Noun::message);
             return [opts](Runtime& rt) { message_get(rt, *opts); };
         }},
        {.path = "message send",
         .summary = "Send a message to a contact as a person; agents do not answer in the conversation for a while",
         .effect = Effect::writes,
         .columns = fields_of<Message>,
         .examples = {{"wabot message send +12025550117 --device shop --text \"Your order is ready.\"", "queued at once, sent by a worker"},
                      {"wabot message send 1 --template order_ready --language en_US --var 1=Ada",
                       "a template, also more than 24 h after the contact's last message"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<MessageSendOptions>();
             cmd.argument("to", opts->to, "Contact: id, number, JID or user id").required().completes(Noun::contact);
             declare_content(cmd, opts->content);
             cmd.option("--device", opts->device, "Device; required if there are several").completes(Noun::device);
             cmd.option("--idempotency-key", opts->idempotency_key, "Send only once for this key; the key is kept for two days").shown_as("KEY");
             cmd.option("--wait", opts->wait, "Wait until the message has this status or failed (sent)").shown_as("STATE").otherwise("sent");
             cmd.option("--reply-to", opts->reply_to, "Message to quote").shown_as("ID").completes(Noun::message);
             return [opts](Runtime& rt) { message_send(rt, *opts); };
         }},
        {.path = "message read",
         .summary = "Mark a message as read, and all messages before it",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot message read 1", "the contact sees blue ticks"},
                      {"wabot message read 1 --typing", "also shows the typing indicator for 25 s"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<MessageReadOptions>();
             cmd.argument("message", opts->message, "Id").required().completes(Noun::message);
             cmd.flag("--typing", opts->typing, "Also show the typing indicator");
             return [opts](Runtime& rt) { message_read(rt, *opts); };
         }},
        {.path = "message status",
         .summary = "Show the history of messages step by step, and why there was no answer",
         .columns = fields_of<MessageStep>,
         .examples = {{"wabot message status 2", "queued, sent, delivered, read"},
                      {"wabot message status 2 --watch", "until the message is delivered, failed or held"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<MessageStatusOptions>();
             cmd.argument("message", opts->messages, "Ids of the messages").required().completes(Noun::message);
             cmd.flag("-w,--watch", opts->watch, "Show each step when it happens, until the last one");
             return [opts](Runtime& rt) { message_status(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
