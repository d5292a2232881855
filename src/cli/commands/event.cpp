#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/batch.hpp"
#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/crypto/vault.hpp"
#include "core/inbox/inbox.hpp"

namespace wabot::cli {

namespace {

struct EventListOptions {
    std::optional<InboxState> state;
    PagingOptions paging;
};

void event_list(Runtime& rt, const EventListOptions& opts) {
    List<InboxEvent> list(rt, "event", opts.paging);
    list.show([&](Snapshot& db, const Page& page) { return inbox::list(db, opts.state, page); });
}

struct EventGetOptions {
    std::string event;
};

/// With --reveal also the body as it came: it holds the numbers in full.
void event_get(Runtime& rt, const EventGetOptions& opts) {
    const InboxId id{id_of("event", opts.event)};
    const auto event = rt.read([&](Snapshot& db) { return inbox::find(db, id); });
    if (!event) throw Error(Errc::not_found, fmt::format("no event {}", id.value), "wabot event list shows the ids");
    Json parts = Json::array();
    for (const InboxItem& item : rt.read([&](Snapshot& db) { return inbox::items(db, id); })) parts.push_back(to_json(item));
    Json extra{{"parts", parts}};
    if (rt.reveals()) {
        const Vault& vault = rt.vault();
        const auto body = rt.read([&](Snapshot& db) { return inbox::body(db, vault, id); });
        extra["body"] = body ? Json(*body) : Json(nullptr);
    }
    rt.out().object("event", *event, extra);
}

struct ReplayOptions {
    std::vector<std::string> events;
};

void event_replay(Runtime& rt, const ReplayOptions& opts) {
    std::vector<InboxId> ids;
    for (const std::string& word : opts.events) ids.push_back({id_of("event", word)});
    const auto name = [](InboxId id) { return fmt::format("event/{}", id.value); };
    const auto taken = rt.write(
        [&](Transaction& tx) { return apply_each(tx, ids, name, [&](InboxId id, std::size_t) { return inbox::replay(tx, rt.cause(), id); }); });
    const std::string done = fmt::format("queued {} event{} again", taken.changed.size(), taken.changed.size() == 1 ? "" : "s");
    refuse_failures(rt, taken, ids.size(), done);
    if (taken.changed.empty())
        rt.out().did(false, "already queued; nothing changed");
    else
        rt.out().did(true, "{}", done);
}

}  // namespace

std::span<const Command> event_commands() {
    static const Command table[] = {
        // namespace
        {.path = "event list",
         .summary = "List the received webhooks, newest first",
         .columns = fields_of<InboxEvent>,
         .examples = {{"wabot event list", "the newest 50"}, {"wabot event list --state quarantined", "webhooks that could not be read"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<EventListOptions>();
             cmd.option("--state", opts->state, "Only rows in this state");
             declare_paging(cmd, opts->paging, "received_at");
             return [opts](Runtime& rt) { event_list(rt, *opts); };
         }},
        {.path = "event get",
         .summary = "Show one webhook and the state of each of its items; --reveal adds the body",
         .columns = fields_of<InboxEvent>,
         .examples = {{"wabot event get 1", "its items"}, {"wabot event get 1 --reveal -o json", "with the body"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<EventGetOptions>();
             cmd.argument("event", opts->event, "Id").required().completes(Noun::event);
             return [opts](Runtime& rt) { event_get(rt, *opts); };
         }},
        {.path = "event replay",
         .summary = "Process webhooks again; messages that are already stored are not stored twice",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot event replay 5", "after an upgrade that can read the body"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ReplayOptions>();
             cmd.argument("event", opts->events, "Ids of the messages").required().completes(Noun::event);
             return [opts](Runtime& rt) { event_replay(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
