#include "cli/commands.hpp"

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/devices/options.hpp"
#include "core/messaging/templates.hpp"

namespace wabot::cli {

namespace {

struct TemplateListOptions {
    std::optional<std::string> device;
    PagingOptions paging;
};

void template_list(Runtime& rt, const TemplateListOptions& opts) {
    List<Template> list(rt, "template", opts.paging);
    std::optional<std::string> account;
    if (opts.device) account = devices::options_of(named_device(rt, *opts.device)).waba_id;
    list.show([&](Snapshot& db, const Page& page) { return templates::list(db, account, page); });
}

struct TemplateGetOptions {
    std::string name;
    std::optional<std::string> language;
};

void template_get(Runtime& rt, const TemplateGetOptions& opts) {
    rt.out().object("template", rt.read([&](Snapshot& db) { return templates::get(db, opts.name, opts.language); }));
}

}  // namespace

std::span<const Command> template_commands() {
    static const Command table[] = {
        // namespace
        {.path = "template list",
         .summary = "List the message templates that the provider reported, newest first",
         .columns = fields_of<Template>,
         .examples = {{"wabot template list", "the newest 50"}, {"wabot template list --device shop --all -o jsonl", "of one account, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<TemplateListOptions>();
             cmd.option("--device", opts->device, "Only templates of this device's account").completes(Noun::device);
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { template_list(rt, *opts); };
         }},
        {.path = "template get",
         .summary = "Show one message template: status, category and quality",
         .columns = fields_of<Template>,
         .examples = {{"wabot template get order_ready --language en_US", "by name"}, {"wabot template get 1 -o json", "by id, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<TemplateGetOptions>();
             cmd.argument("template", opts->name, "Name or id").required().completes(Noun::template_);
             cmd.option("--language", opts->language, "Language; required if the name has several").shown_as("CODE");
             return [opts](Runtime& rt) { template_get(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
