#include "cli/commands.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/agents/agents.hpp"
#include "core/audit/audit_log.hpp"
#include "core/devices/devices.hpp"

namespace wabot::cli {

namespace {

struct AuditListOptions {
    std::optional<std::string> actor, object;
    PagingOptions paging;
};

/// As the log names it: by the id, which stays when a name goes to another.
std::string object_of(Runtime& rt, const std::string& word) {
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos) return word;
    const std::string noun = word.substr(0, slash), name = word.substr(slash + 1);
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; })) return word;
    if (noun == "device") return noun + "/" + std::to_string(named_device(rt, name).id.value);
    if (noun == "agent") return noun + "/" + std::to_string(rt.read([&](Snapshot& db) { return agents::get(db, name).id.value; }));
    return word;
}

void audit_list(Runtime& rt, const AuditListOptions& opts) {
    List<AuditEntry> list(rt, "audit", opts.paging);
    audit::Filter filter{.actor = opts.actor};
    if (opts.object) filter.object = object_of(rt, *opts.object);
    list.show([&](Snapshot& db, const Page& page) { return audit::list(db, filter, page); });
}

struct AuditGetOptions {
    std::string entry;
};

void audit_get(Runtime& rt, const AuditGetOptions& opts) {
    const AuditId id{id_of("audit", opts.entry)};
    rt.out().object("audit", rt.read([&](Snapshot& db) { return audit::get(db, id); }));
}

}  // namespace

std::span<const Command> audit_commands() {
    static const Command table[] = {
        // namespace
        {.path = "audit list",
         .summary = "List the audit log: who changed data or showed masked data in full, newest first",
         .columns = fields_of<AuditEntry>,
         .examples = {{"wabot audit list", "the newest 50"},
                      {"wabot audit list --object device/shop --all -o jsonl", "changes of one device, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AuditListOptions>();
             cmd.option("--actor", opts->actor, "Only entries of this actor: cli:ana");
             cmd.option("--object", opts->object, "Only entries about this object: device/shop, send/81, or device for all devices")
                 .shown_as("NOUN[/ID]");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { audit_list(rt, *opts); };
         }},
        {.path = "audit get",
         .summary = "Show one entry of the audit log",
         .columns = fields_of<AuditEntry>,
         .examples = {{"wabot audit get 7", "by id"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<AuditGetOptions>();
             cmd.argument("entry", opts->entry, "Id").required().completes(Noun::audit);
             return [opts](Runtime& rt) { audit_get(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
