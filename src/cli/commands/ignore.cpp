#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/contacts/ignore_rules.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

/// What `ignore test` says.
struct IgnoreVerdict {
    bool ignored = false;
    std::optional<IgnoreRuleId> rule = {};
    std::optional<std::string> reason = {};
};
WABOT_DESCRIBE(IgnoreVerdict, FIELD(ignored), FIELD(rule), FIELD(reason))

namespace cli {

namespace {

struct IgnoreListOptions {
    std::optional<std::string> device;
    PagingOptions paging;
};

void ignore_list(Runtime& rt, const IgnoreListOptions& opts) {
    List<IgnoreRule> list(rt, "ignore", opts.paging);
    const DeviceId device = device_filter(rt, opts.device);
    list.show([&](Snapshot& db, const Page& page) { return ignore_rules::list(db, device, page); });
}

struct IgnoreCreateOptions {
    std::optional<std::string> contact, group, keyword;
    std::optional<std::string> device;
};

void ignore_create(Runtime& rt, const IgnoreCreateOptions& opts) {
    if (opts.contact.has_value() + opts.group.has_value() + opts.keyword.has_value() != 1)
        usage_error("ignore create takes one of --contact, --group and --keyword", "see --help");
    const IgnoreRuleType type = opts.contact ? IgnoreRuleType::contact : opts.group ? IgnoreRuleType::group : IgnoreRuleType::keyword;
    const std::string& value = opts.contact ? *opts.contact : opts.group ? *opts.group : *opts.keyword;
    const Device device = device_or_only(rt, opts.device);
    const Vault& vault = rt.vault();
    const auto [rule, changed] = rt.write([&](Transaction& tx) { return ignore_rules::create(tx, rt.cause(), vault, device.id, type, value); });
    rt.out().done(changed, "ignore", rule, "{} ignore rule {} on {}", changed ? "created" : "already exists:", rule.id.value, device.key);
}

struct IgnoreDeleteOptions {
    std::string rule;
    bool if_exists = false;
};

void ignore_delete(Runtime& rt, const IgnoreDeleteOptions& opts) {
    const IgnoreRuleId id{id_of("ignore", opts.rule)};
    const bool is_there = rt.read([&](Snapshot& db) { return ignore_rules::find(db, id).has_value(); });
    if (opts.if_exists && !is_there) return rt.out().did(false, "there is no ignore rule {}", id.value);
    rt.write([&](Transaction& tx) { ignore_rules::remove(tx, rt.cause(), id); });
    rt.out().did(true, "deleted ignore rule {}", id.value);
}

struct IgnoreTestOptions {
    std::string text;
    std::optional<std::string> from;
    std::optional<std::string> device;
};

/// Facts of the named contact: one that is known, else an address without a contact yet.
IgnoreFacts facts_of(Runtime& rt, const IgnoreTestOptions& opts) {
    if (!opts.from) return {.text = opts.text};
    const auto address = wabot::to_address(*opts.from);
    if (!address) throw Error(Errc::invalid, fmt::format("\"{}\" is not a phone number with country code, a JID or a user id", *opts.from));
    return ignore_rules::facts_of(rt.vault(), *address, opts.text);
}

void ignore_test(Runtime& rt, const IgnoreTestOptions& opts) {
    const Device device = device_or_only(rt, opts.device);
    IgnoreRuleCache books;
    const auto book = rt.read([&](Snapshot& db) { return books.of_device(db, device.id); });
    const auto match = book->match(facts_of(rt, opts));
    IgnoreVerdict verdict{.ignored = match.has_value()};
    if (match) verdict = {.ignored = true, .rule = match->id, .reason = match->reason};
    rt.out().object_or_text("ignore", verdict, match ? fmt::format("ignored: {}\n", match->reason) : "not ignored\n");
}

}  // namespace

std::span<const Command> ignore_commands() {
    static const Command table[] = {
        // namespace
        {.path = "ignore list",
         .summary = "List the ignore rules: messages that agents do not answer",
         .columns = fields_of<IgnoreRule>,
         .examples = {{"wabot ignore list", "of all devices"}, {"wabot ignore list --device shop", "of one device"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<IgnoreListOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { ignore_list(rt, *opts); };
         }},
        {.path = "ignore create",
         .summary = "Create an ignore rule: agents do not answer messages of a contact, of a group, or with a word. The messages are stored",
         .effect = Effect::writes,
         .columns = fields_of<IgnoreRule>,
         .examples = {{"wabot ignore create --keyword lottery --device shop", "messages that contain the word"},
                      {"wabot ignore create --contact +12025550117 --device shop", "all messages of one contact"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<IgnoreCreateOptions>();
             cmd.option("--contact", opts->contact, "Id, number, JID or user id").completes(Noun::contact);
             cmd.option("--group", opts->group, "Id of the group").shown_as("ID");
             cmd.option("--keyword", opts->keyword, "Word or phrase").shown_as("TEXT");
             cmd.option("--device", opts->device, "Device; required if there are several").completes(Noun::device);
             return [opts](Runtime& rt) { ignore_create(rt, *opts); };
         }},
        {.path = "ignore delete",
         .summary = "Delete an ignore rule",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot ignore delete 2", "by the id that ignore list shows"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<IgnoreDeleteOptions>();
             cmd.argument("rule", opts->rule, "Id").required().completes(Noun::ignore);
             cmd.flag("--if-exists", opts->if_exists, "Succeed when there is no such rule");
             return [opts](Runtime& rt) { ignore_delete(rt, *opts); };
         }},
        {.path = "ignore test",
         .summary = "Show which ignore rule a message would match",
         .formats = formats::nameless,
         .columns = fields_of<IgnoreVerdict>,
         .examples = {{"wabot ignore test \"win the lottery\" --device shop", "a text"},
                      {"wabot ignore test hi --from +12025550117 --device shop", "a text from a contact"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<IgnoreTestOptions>();
             cmd.argument("text", opts->text, "Text of the message").required();
             cmd.option("--from", opts->from, "Author: number, JID or user id").shown_as("ADDRESS");
             cmd.option("--device", opts->device, "Device; required if there are several").completes(Noun::device);
             return [opts](Runtime& rt) { ignore_test(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
