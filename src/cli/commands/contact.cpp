#include "cli/commands.hpp"

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "core/base/clock.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"

namespace wabot::cli {

namespace {

struct ContactListOptions {
    std::optional<std::string> device;
    bool groups = false, people = false, blocked = false;
    PagingOptions paging;
};

void contact_list(Runtime& rt, const ContactListOptions& opts) {
    List<Contact> list(rt, "contact", opts.paging);
    if (opts.groups && opts.people) usage_error("--groups and --people exclude each other", {}, "--groups");
    ContactFilter filter{.device_id = device_filter(rt, opts.device)};
    if (opts.groups || opts.people) filter.is_group = opts.groups;
    if (opts.blocked) filter.is_blocked = true;
    list.show([&](Snapshot& db, const Page& page) { return contacts::list(db, filter, page); });
}

struct ContactGetOptions {
    std::string contact;
    std::optional<std::string> device;
};

void contact_get(Runtime& rt, const ContactGetOptions& opts) {
    const DeviceId device = device_filter(rt, opts.device);
    const Vault& vault = rt.vault();
    const Contact contact = rt.read([&](Snapshot& db) { return contacts::get(db, vault, opts.contact, device); });
    Json identities = Json::array();
    for (const ContactIdentity& identity : rt.read([&](Snapshot& db) { return contacts::identities(db, contact.id); }))
        identities.push_back({{"kind", to_word(identity.kind)}, {"value", rt.out().options().show(identity.value, "contact_identities.value")}});
    Json possibly_same = Json::array(), notes = Json::array();
    for (const ContactNote& note : rt.read([&](Snapshot& db) { return contacts::notes(db, contact.id); })) {
        if (note.other_contact_id) possibly_same.push_back(note.other_contact_id->value);
        notes.push_back({{"kind", to_word(note.kind)}, {"at", to_iso(note.created_at)}});
        if (note.other_contact_id) notes.back()["other_contact_id"] = note.other_contact_id->value;
    }
    Json extra{{"identities", identities}, {"possibly_same", possibly_same}, {"notes", notes}};
    add_window(extra, rt, contact);
    rt.out().object("contact", contact, extra);
}

}  // namespace

std::span<const Command> contact_commands() {
    static const Command table[] = {
        // namespace
        {.path = "contact list",
         .summary = "List the contacts, newest first",
         .columns = fields_of<Contact>,
         .examples = {{"wabot contact list", "the newest 50"},
                      {"wabot contact list --device shop --all -o jsonl", "all of one device, for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ContactListOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             cmd.flag("--people", opts->people, "Without groups");
             cmd.flag("--groups", opts->groups, "Only groups");
             cmd.flag("--blocked", opts->blocked, "Only blocked contacts");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { contact_list(rt, *opts); };
         }},
        {.path = "contact get",
         .summary = "Show one contact: addresses, and contacts that may be the same person",
         .columns = fields_of<Contact>,
         .examples = {{"wabot contact get 2", "by id"}, {"wabot contact get +12025550117 --device shop --reveal", "by phone number"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ContactGetOptions>();
             cmd.argument("contact", opts->contact, "Id, number, JID or user id").required().completes(Noun::contact);
             cmd.option("--device", opts->device, "Device; required if the number is known on several").completes(Noun::device);
             return [opts](Runtime& rt) { contact_get(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
