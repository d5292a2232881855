#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/agents/agents.hpp"
#include "core/devices/devices.hpp"

namespace wabot::cli {

namespace {

struct AgentListOptions {
    std::optional<AgentType> type;
    std::optional<std::string> device;
    PagingOptions paging;
};

void agent_list(Runtime& rt, const AgentListOptions& opts) {
    List<Agent> list(rt, "agent", opts.paging);
    const AgentFilter filter{.agent_type = opts.type, .device_id = device_filter(rt, opts.device)};
    list.show([&](Snapshot& db, const Page& page) { return agents::list(db, filter, page); });
}

struct AgentNameOptions {
    std::string agent;
};

Agent named_agent(Runtime& rt, const std::string& who) {
    return rt.read([&](Snapshot& db) { return agents::get(db, who); });
}

void agent_get(Runtime& rt, const AgentNameOptions& opts) {
    const Agent agent = named_agent(rt, opts.agent);
    const auto bindings = rt.read([&](Snapshot& db) { return agents::bindings(db, {}, agent.id); });
    Json devices = Json::array(), keys = Json::array();
    for (const AgentBinding& binding : bindings) {
        const auto device = rt.read([&](Snapshot& db) { return devices::find(db, binding.device_id); });
        devices.push_back({{"device", device ? device->key : std::to_string(binding.device_id.value)},
                           {"priority", binding.priority},
                           {"is_primary", binding.is_primary}});
        keys.push_back(devices.back()["device"]);
    }
    rt.out().object("agent", agent, Json{{"devices", rt.out().structured() ? devices : keys}});
}

/// What `create` and `update` share.
struct AgentChangeOptions {
    std::string agent;
    AgentType type = AgentType::rule_based;
    std::optional<std::string> name, description, rules_file, fallback;
    std::vector<std::string> triggers, allowed;
    bool any_trigger = false, allow_all = false;
    bool ignore_groups = false, answer_groups = false;
    bool quote = false, no_quote = false;
    bool if_not_exists = false;
};

/// One of a pair of opposite flags, or neither.
std::optional<bool> choice(bool yes, bool no, std::string_view yes_name, std::string_view no_name) {
    if (yes && no) usage_error(fmt::format("{} and {} exclude each other", yes_name, no_name), {}, std::string(yes_name));
    return yes || no ? std::optional(yes) : std::nullopt;
}

AgentChange agent_change_of(const AgentChangeOptions& opts) {
    constexpr std::size_t rules_size_max = 4 * 1024 * 1024;
    AgentChange change{.name = opts.name, .description = opts.description, .fallback = opts.fallback};
    if (opts.rules_file) change.rules = agents::read_rules(read_input(*opts.rules_file, rules_size_max), *opts.rules_file);
    if (!opts.triggers.empty() || opts.any_trigger) change.trigger_keywords = opts.triggers;
    if (!opts.allowed.empty() || opts.allow_all) {
        change.allowed_contacts.emplace();
        for (const std::string& contact : opts.allowed) change.allowed_contacts->push_back({id_of("contact", contact)});
    }
    change.ignore_groups = choice(opts.ignore_groups, opts.answer_groups, "--ignore-groups", "--answer-groups");
    change.quote = choice(opts.quote, opts.no_quote, "--quote", "--no-quote");
    return change;
}

void warn_of_loops(Runtime& rt, const AgentChange& change) {
    if (!change.rules) return;
    if (const auto rule = agents::endless_rule(*change.rules))
        rt.out().say(
            "warning: rule {} matches every text, also the agent's own answers: two bots would answer each other until the device's loop_limit stops "
            "them",
            *rule + 1);
}

void agent_create(Runtime& rt, const AgentChangeOptions& opts) {
    if (opts.if_not_exists) {
        const auto found = rt.read([&](Snapshot& db) { return agents::find(db, opts.agent); });
        if (found) return rt.out().done(false, "agent", *found, "agent {} already exists (id {})", found->key, found->id.value);
    }
    AgentChange change = agent_change_of(opts);
    warn_of_loops(rt, change);
    change.key = opts.agent;
    if (!change.name) change.name = opts.agent;
    const Agent made = rt.write([&](Transaction& tx) { return agents::create(tx, rt.cause(), opts.type, change); });
    rt.out().done(true, "agent", made, "created agent {} (id {})", made.key, made.id.value);
}

void change_agent(Runtime& rt, const std::string& who, const AgentChange& change, std::string_view verb) {
    warn_of_loops(rt, change);
    const auto [agent, changed] = rt.write([&](Transaction& tx) { return agents::update(tx, rt.cause(), agents::get(tx, who).id, change); });
    if (changed)
        rt.out().done(true, "agent", agent, "{} agent {} (id {}, revision {})", verb, agent.key, agent.id.value, agent.revision);
    else
        rt.out().done(false, "agent", agent, "agent {} is unchanged", agent.key);
}

struct AgentDeleteOptions {
    std::string agent;
    bool if_exists = false;
};

void agent_delete(Runtime& rt, const AgentDeleteOptions& opts) {
    const bool is_there = rt.read([&](Snapshot& db) { return agents::find(db, opts.agent).has_value(); });
    if (opts.if_exists && !is_there) return rt.out().did(false, "there is no agent {}", opts.agent);
    const Agent agent = named_agent(rt, opts.agent);
    const auto served = rt.read([&](Snapshot& db) { return agents::bindings(db, {}, agent.id).size(); });
    rt.confirm(Confirm::ask, fmt::format("deleting agent {} would detach it from {} device{}", agent.key, served, served == 1 ? "" : "s"));
    rt.write([&](Transaction& tx) { return agents::remove(tx, rt.cause(), agent.id); });
    rt.out().done(true, "agent", agent, "deleted agent {} (id {})", agent.key, agent.id.value);
}

struct AgentAttachOptions {
    std::string agent, device;
    std::optional<std::int64_t> priority;
    bool primary = false;
};

void agent_attach(Runtime& rt, const AgentAttachOptions& opts) {
    const Attachment how{.priority = opts.priority, .make_primary = opts.primary};
    const auto [binding, changed] = rt.write(
        [&](Transaction& tx) { return agents::attach(tx, rt.cause(), agents::get(tx, opts.agent).id, devices::get(tx, opts.device).id, how); });
    rt.out().done(changed, "binding", binding, "{} {} on {}{}", opts.agent, changed ? "answers now" : "answered already", opts.device,
                  binding.is_primary ? " (primary)" : "");
}

void agent_detach(Runtime& rt, const AgentAttachOptions& opts) {
    const bool changed =
        rt.write([&](Transaction& tx) { return agents::detach(tx, rt.cause(), agents::get(tx, opts.agent).id, devices::get(tx, opts.device).id); });
    rt.out().did(changed, "{} {} on {}", opts.agent, changed ? "no longer answers" : "did not answer", opts.device);
}

void declare_agent_change(CommandBuilder& cmd, AgentChangeOptions& opts) {
    cmd.option("--name", opts.name, "Display name").shown_as("TEXT");
    cmd.option("--description", opts.description, "Description").shown_as("TEXT");
    cmd.option("--rules-file", opts.rules_file, R"(JSON array of {"pattern", "response"}; the first match answers; -: stdin)")
        .shown_as("FILE")
        .completes(Noun::file);
    cmd.option("--fallback", opts.fallback, "Reply when no rule matches; empty: no reply").shown_as("TEXT");
    cmd.option("--trigger", opts.triggers, "Answer only texts that contain one of these words").shown_as("WORD");
    cmd.option("--allow-contact", opts.allowed, "Answer only these contacts").shown_as("ID").completes(Noun::contact);
    cmd.flag("--ignore-groups", opts.ignore_groups, "Do not answer in groups");
    cmd.flag("--quote", opts.quote, "Quote the answered message in replies");
}

template <auto Run>
Action one_agent(CommandBuilder& cmd) {
    auto opts = cmd.options<AgentNameOptions>();
    cmd.argument("agent", opts->agent, "Key or id").required().completes(Noun::agent);
    return [opts](Runtime& rt) { Run(rt, *opts); };
}

void agent_enable(Runtime& rt, const AgentNameOptions& opts) {
    change_agent(rt, opts.agent, {.is_active = true}, "enabled");
}
void agent_disable(Runtime& rt, const AgentNameOptions& opts) {
    change_agent(rt, opts.agent, {.is_active = false}, "disabled");
}

void declare_binding(CommandBuilder& cmd, AgentAttachOptions& opts) {
    cmd.argument("agent", opts.agent, "Key or id").required().completes(Noun::agent);
    cmd.argument("device", opts.device, "Key or id").required().completes(Noun::device);
}

}  // namespace

std::span<const Command> agent_commands() {
    static const Command table[] = {
        // namespace
        {.path = "agent list",
         .summary = "List the agents",
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent list", "all agents"}, {"wabot agent list --device shop", "agents of one device"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentListOptions>();
             cmd.option("--type", opts->type, "Only agents of this type");
             cmd.option("--device", opts->device, "Only agents attached to this device").completes(Noun::device);
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { agent_list(rt, *opts); };
         }},
        {.path = "agent get",
         .summary = "Show one agent: rules and devices",
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent get faq", "by key"}, {"wabot agent get faq -o json", "for a script"}},
         .build = one_agent<agent_get>},
        {.path = "agent create",
         .summary = "Create an agent; agent attach connects it to a device",
         .effect = Effect::writes,
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent create faq --type rule_based --rules-file rules.json --fallback \"A colleague will answer you.\"",
                       "an agent with rules"},
                      {"wabot agent create faq --type rule_based --rules-file rules.json --if-not-exists", "from a script; can be repeated"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentChangeOptions>();
             cmd.argument("key", opts->agent, "Name in commands and links").required();
             cmd.option("--type", opts->type, "Type of agent").required();
             declare_agent_change(cmd, *opts);
             cmd.flag("--if-not-exists", opts->if_not_exists, "Succeed if the agent already exists");
             return [opts](Runtime& rt) { agent_create(rt, *opts); };
         }},
        {.path = "agent update",
         .summary = "Change an agent. The next message is answered with the new revision",
         .effect = Effect::writes,
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent update faq --rules-file rules.json", "new rules"},
                      {"wabot agent update faq --fallback \"\"", "no reply when no rule matches"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentChangeOptions>();
             cmd.argument("agent", opts->agent, "Key or id").required().completes(Noun::agent);
             declare_agent_change(cmd, *opts);
             cmd.flag("--any-text", opts->any_trigger, "Remove all trigger words");
             cmd.flag("--allow-all", opts->allow_all, "Answer all contacts");
             cmd.flag("--answer-groups", opts->answer_groups, "Answer in groups");
             cmd.flag("--no-quote", opts->no_quote, "Do not quote in replies");
             return [opts](Runtime& rt) { change_agent(rt, opts->agent, agent_change_of(*opts), "updated"); };
         }},
        {.path = "agent delete",
         .summary = "Delete an agent; its messages stay",
         .effect = Effect::writes,
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent delete faq -n", "shows what would be deleted"}, {"wabot agent delete faq --yes", "without a question"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentDeleteOptions>();
             cmd.argument("agent", opts->agent, "Key or id").required().completes(Noun::agent);
             cmd.flag("--if-exists", opts->if_exists, "Succeed if the agent does not exist");
             return [opts](Runtime& rt) { agent_delete(rt, *opts); };
         }},
        {.path = "agent enable",
         .summary = "Enable an agent",
         .effect = Effect::writes,
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent enable faq", "on all its devices"}},
         .build = one_agent<agent_enable>},
        {.path = "agent disable",
         .summary = "Disable an agent; it stays attached to its devices",
         .effect = Effect::writes,
         .columns = fields_of<Agent>,
         .examples = {{"wabot agent disable faq", "until enabled again"}},
         .build = one_agent<agent_disable>},
        {.path = "agent attach",
         .summary = "Attach an agent to a device. The first agent becomes the primary agent, which is asked last",
         .effect = Effect::writes,
         .columns = fields_of<AgentBinding>,
         .examples = {{"wabot agent attach faq shop", "faq answers on shop"},
                      {"wabot agent attach sales shop --priority 10", "asked before other agents"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentAttachOptions>();
             declare_binding(cmd, *opts);
             cmd.option("--priority", opts->priority, "Agents with a lower number are asked first (100)").shown_as("N");
             cmd.flag("--primary", opts->primary, "Make this the primary agent, asked last");
             return [opts](Runtime& rt) { agent_attach(rt, *opts); };
         }},
        {.path = "agent detach",
         .summary = "Detach an agent from a device",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot agent detach faq shop", "faq no longer answers on shop"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AgentAttachOptions>();
             declare_binding(cmd, *opts);
             return [opts](Runtime& rt) { agent_detach(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
