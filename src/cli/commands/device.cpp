#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/wiring.hpp"
#include "core/agents/agents.hpp"
#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/world.hpp"
#include "core/channels/whatsapp/check_account.hpp"
#include "core/crypto/secret.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/account_events.hpp"
#include "core/devices/devices.hpp"
#include "core/http_client/http_client.hpp"
#include "core/operations/throttling.hpp"

namespace wabot::cli {

namespace {

struct DeviceListOptions {
    std::optional<DeviceKind> kind;
    std::optional<DeviceStatus> state;
    PagingOptions paging;
};

void device_list(Runtime& rt, const DeviceListOptions& opts) {
    List<Device> list(rt, "device", opts.paging);
    const DeviceFilter filter{.kind = opts.kind, .status = opts.state};
    list.show([&](Snapshot& db, const Page& page) { return devices::list(db, filter, page); });
}

struct DeviceNameOptions {
    std::string device;
};

void device_get(Runtime& rt, const DeviceNameOptions& opts) {
    const Device device = named_device(rt, opts.device);
    const auto agents = rt.read([&](Snapshot& db) { return agents::list(db, {.device_id = device.id}); });
    Json extra{{"agents", Json::array()}};
    for (const Agent& agent : agents) extra["agents"].push_back(agent.key);
    if (device.secrets)
        extra["secret_names"] = devices::stored_secrets(device, rt.vault());
    else
        extra["secret_names"] = Json::array();
    const AccountStanding standing = rt.read([&](Snapshot& db) { return account_events::standing(db, device, db.now()); });
    extra["quality"] = standing.quality ? Json(*standing.quality) : Json(nullptr);
    extra["messaging_limit"] = standing.messaging_limit ? Json(*standing.messaging_limit) : Json(nullptr);
    extra["account_events"] = Json::array();
    for (const AccountEvent& event : standing.latest) extra["account_events"].push_back(to_json(event));
    extra["throttled"] = Json::array();
    for (const ThrottledDevice& throttled : rt.read([&](Snapshot& db) { return throttling::list(db, device.id); }))
        extra["throttled"].push_back(throttled.detail + "; " + throttled.hint);
    if (!device.is_active) extra["throttled"].push_back(devices::way_out_of_disabled(device.key));
    if (device.status == DeviceStatus::error) extra["hint"] = devices::way_out_of_error(device.key);
    rt.out().object("device", device, extra);
}

struct DeviceEventsOptions {
    std::optional<std::string> device;
    PagingOptions paging;
};

void device_events(Runtime& rt, const DeviceEventsOptions& opts) {
    List<AccountEvent> list(rt, "account_event", opts.paging);
    const auto device = opts.device ? std::optional(named_device(rt, *opts.device)) : std::nullopt;
    list.show([&](Snapshot& db, const Page& page) { return account_events::list(db, device, page); });
}

/// What `create` and `update` share.
struct DeviceChangeOptions {
    std::string device;
    DeviceKind kind = DeviceKind::whatsapp;
    std::optional<std::string> name, description, phone;
    devices::Assignments options;
    std::vector<std::pair<std::string, std::string>> secrets_from;  // name and file
    std::optional<std::string> agent;
    bool no_verify = false;
    bool if_not_exists = false;
};

DeviceChange device_change_of(const DeviceChangeOptions& opts) {
    constexpr std::size_t secret_size_max = 64 * 1024;
    DeviceChange change{.name = opts.name, .description = opts.description, .phone_number = opts.phone, .options = opts.options};
    for (const auto& [name, file] : opts.secrets_from) {
        change.secrets.emplace_back(name, read_input(file, secret_size_max));
        // What should have written the secret may have failed: nothing is taken for a wish to remove it but this one file.
        if (without_line_end(change.secrets.back().second).empty() && file != "/dev/null")
            throw Error(Errc::invalid, fmt::format("{} is empty, and {} needs a value", file == "-" ? "standard input" : file, name),
                        fmt::format("--secret-from {}=/dev/null removes the secret", name));
    }
    return change;
}

/// Asks the provider, before anything is written, whether it takes the credentials that the device would have.
void verify(Runtime& rt, const Device& device) {
    const Settings& settings = rt.settings();
    const EnvironmentCredentials environment = environment_credentials(settings);
    const Credentials credentials = devices::credentials_of(device, rt.vault(), environment);
    if (device.kind != DeviceKind::whatsapp || credentials.access_token.empty()) return;
    log::debug("asking the provider", {{"url", devices::options_of(device, graph_url(settings)).graph_url}});
    const auto http = open_http_client();
    blocking(check_whatsapp_account(*http, devices::options_of(device, graph_url(settings)), credentials.access_token, rt.world().clock));
}

void device_create(Runtime& rt, const DeviceChangeOptions& opts) {
    if (opts.if_not_exists) {
        const auto found = rt.read([&](Snapshot& db) { return devices::find(db, opts.device); });
        if (found) return rt.out().done(false, "device", *found, "device {} already exists (id {})", found->key, found->id.value);
    }
    DeviceChange change = device_change_of(opts);
    change.key = opts.device;
    if (!change.name) change.name = opts.device;
    const Vault& vault = rt.vault();
    const auto make = [&](Transaction& tx) {
        const Device made = devices::create(tx, rt.cause(), vault, opts.kind, change);
        if (opts.agent) agents::attach(tx, rt.cause(), agents::get(tx, *opts.agent).id, made.id);
        return made;
    };
    if (!opts.no_verify) verify(rt, rt.rehearse(make));
    const Device made = rt.write(make);
    rt.out().done(true, "device", made, "created device {} (id {})", made.key, made.id.value);
}

void tell_change(Runtime& rt, const Changed<Device>& outcome, std::string_view verb) {
    const auto& [device, changed] = outcome;
    if (changed)
        rt.out().done(true, "device", device, "{} device {} (id {})", verb, device.key, device.id.value);
    else
        rt.out().done(false, "device", device, "device {} is unchanged", device.key);
}

void switch_device(Runtime& rt, const std::string& who, bool is_active, std::string_view verb) {
    const Vault& vault = rt.vault();
    const auto work = [&](Transaction& tx) { return devices::update(tx, rt.cause(), vault, devices::get(tx, who).id, {.is_active = is_active}); };
    tell_change(rt, rt.write(work), verb);
}

void device_update(Runtime& rt, const DeviceChangeOptions& opts) {
    const DeviceChange change = device_change_of(opts);
    const Vault& vault = rt.vault();
    const auto work = [&](Transaction& tx) { return devices::update(tx, rt.cause(), vault, devices::get(tx, opts.device).id, change); };
    const bool touches_account = !change.secrets.empty() || !change.options.empty();
    if (touches_account && !opts.no_verify) verify(rt, rt.rehearse(work).row);
    tell_change(rt, rt.write(work), "updated");
}

void device_enable(Runtime& rt, const DeviceNameOptions& opts) {
    switch_device(rt, opts.device, true, "enabled");
}
void device_disable(Runtime& rt, const DeviceNameOptions& opts) {
    switch_device(rt, opts.device, false, "disabled");
}

struct ResumeOptions {
    std::string device;
    bool no_verify = false;
};

void device_resume(Runtime& rt, const ResumeOptions& opts) {
    const Device device = named_device(rt, opts.device);
    if (device.status == DeviceStatus::error && !opts.no_verify) verify(rt, device);
    const auto [row, changed] = rt.write([&](Transaction& tx) { return devices::resume(tx, rt.cause(), device.id); });
    if (changed)
        rt.out().done(true, "device", row, "resumed device {} (id {}); waiting messages are sent", row.key, row.id.value);
    else
        rt.out().done(false, "device", row, "device {} is not in error; nothing changed", row.key);
}

struct DeviceDeleteOptions {
    std::string device;
    bool if_exists = false;
};

void device_delete(Runtime& rt, const DeviceDeleteOptions& opts) {
    const bool is_there = rt.read([&](Snapshot& db) { return devices::find(db, opts.device).has_value(); });
    if (opts.if_exists && !is_there) return rt.out().did(false, "there is no device {}", opts.device);
    const Device device = named_device(rt, opts.device);
    const DeviceUse use = rt.read([&](Snapshot& db) { return devices::use_of(db, device.id); });
    rt.confirm(Confirm::ask,
               fmt::format("deleting device {} would detach {} agents and leave {} conversations with {} contacts unanswered, {} sends unfinished",
                           device.key, use.agents, use.conversations, use.contacts, use.unfinished_sends));
    rt.write([&](Transaction& tx) { return devices::remove(tx, rt.cause(), device.id); });
    rt.out().done(true, "device", device, "deleted device {} (id {})", device.key, device.id.value);
}

template <auto Run>
Action one_device(CommandBuilder& cmd) {
    auto opts = cmd.options<DeviceNameOptions>();
    cmd.argument("device", opts->device, "Key or id").required().completes(Noun::device);
    return [opts](Runtime& rt) { Run(rt, *opts); };
}

void declare_device_change(CommandBuilder& cmd, DeviceChangeOptions& opts) {
    cmd.option("--name", opts.name, "Display name").shown_as("TEXT");
    cmd.option("--description", opts.description, "Description").shown_as("TEXT");
    cmd.option("--phone", opts.phone, "Phone number of the device, with country code").shown_as("NUMBER");
    cmd.option("--option", opts.options, "Option of this kind of device, such as phone_number_id; an empty value removes it").shown_as("NAME=VALUE");
    cmd.option("--secret-from", opts.secrets_from, "Read access_token, app_secret, previous_app_secret or verify_token from a file; -: stdin")
        .shown_as("NAME=FILE");
    cmd.flag("--no-verify", opts.no_verify, "Do not check the credentials with the provider");
}

}  // namespace

std::span<const Command> device_commands() {
    static const Command table[] = {
        // namespace
        {.path = "device list",
         .summary = "List the devices",
         .columns = fields_of<Device>,
         .examples = {{"wabot device list", "all devices"}, {"wabot device list --kind whatsapp -o json", "for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DeviceListOptions>();
             cmd.option("--kind", opts->kind, "Only devices of this channel");
             cmd.option("--state", opts->state, "Only rows in this state");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { device_list(rt, *opts); };
         }},
        {.path = "device get",
         .summary = "Show one device: options, agents and account state at the provider",
         .columns = fields_of<Device>,
         .examples = {{"wabot device get shop", "by key"}, {"wabot device get 1 -o json", "by id, for a script"}},
         .build = one_device<device_get>},
        {.path = "device events",
         .summary = "List changes of accounts, numbers and templates that the provider reported, newest first",
         .columns = fields_of<AccountEvent>,
         .examples = {{"wabot device events", "of all accounts"}, {"wabot device events shop --all -o jsonl", "of one device, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DeviceEventsOptions>();
             cmd.argument("device", opts->device, "Key or id (default: all devices)").completes(Noun::device);
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { device_events(rt, *opts); };
         }},
        {.path = "device create",
         .summary = "Create a device: an account on a channel. A running server uses it at once",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device create shop --kind whatsapp --option phone_number_id=106540352242922 --secret-from access_token=token.txt",
                       "a phone number on the Cloud API"},
                      {"wabot device create trial --kind sim", "a simulator"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DeviceChangeOptions>();
             cmd.argument("key", opts->device, "Name in commands and links").required();
             cmd.option("--kind", opts->kind, "The channel").required();
             declare_device_change(cmd, *opts);
             cmd.option("--agent", opts->agent, "Agent to attach").completes(Noun::agent);
             cmd.flag("--if-not-exists", opts->if_not_exists, "Succeed if the device already exists");
             return [opts](Runtime& rt) { device_create(rt, *opts); };
         }},
        {.path = "device update",
         .summary = "Change a device. A running server uses the change at once",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device update shop --secret-from access_token=token.txt", "a new token; waiting sends go out"},
                      {"wabot device update shop --option rate_per_s=20", "a lower rate limit"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DeviceChangeOptions>();
             cmd.argument("device", opts->device, "Key or id").required().completes(Noun::device);
             declare_device_change(cmd, *opts);
             return [opts](Runtime& rt) { device_update(rt, *opts); };
         }},
        {.path = "device enable",
         .summary = "Enable a device: it answers and sends again, waiting messages included",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device enable shop", "waiting messages are sent"}},
         .build = one_device<device_enable>},
        {.path = "device disable",
         .summary = "Disable a device: webhooks and messages are stored, nothing is answered or sent",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device disable shop", "until device enable"}},
         .build = one_device<device_disable>},
        {.path = "device resume",
         .summary = "Let a device in state error send again, after its account was repaired",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device resume shop", "checks the account with the provider first"},
                      {"wabot device resume shop --no-verify", "without that check"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ResumeOptions>();
             cmd.argument("device", opts->device, "Key or id").required().completes(Noun::device);
             cmd.flag("--no-verify", opts->no_verify, "Do not check the account with the provider");
             return [opts](Runtime& rt) { device_resume(rt, *opts); };
         }},
        {.path = "device delete",
         .summary = "Delete a device; its messages stay",
         .effect = Effect::writes,
         .columns = fields_of<Device>,
         .examples = {{"wabot device delete shop -n", "shows what would be deleted"}, {"wabot device delete shop --yes", "without a question"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<DeviceDeleteOptions>();
             cmd.argument("device", opts->device, "Key or id").required().completes(Noun::device);
             cmd.flag("--if-exists", opts->if_exists, "Succeed if the device does not exist");
             return [opts](Runtime& rt) { device_delete(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
