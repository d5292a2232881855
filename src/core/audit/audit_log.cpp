#include "core/audit/audit_log.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.hpp"
#include "core/database/listing.hpp"

namespace wabot::audit {

namespace {

constexpr std::size_t objects_max = 1000;  // in one entry; of more only how many they are

/// Each once, in the order of their first changes.
std::vector<std::string> each_once(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    std::set<std::string_view> told;
    for (const std::string& name : names)
        if (told.insert(name).second) out.push_back(name);
    return out;
}

}  // namespace

void record(Transaction& tx, const Cause& cause, AuditKind kind, std::string_view action, const AuditDraft& draft) {
    std::vector<std::string> objects = each_once(draft.objects);
    Json facts = Json::object();
    if (!draft.changes.empty()) facts["changes"] = each_once(draft.changes);
    for (const auto& [name, fact] : draft.facts) facts[name] = read_json(fact.text);
    if (objects.size() > objects_max) {
        facts["objects"] = objects.size();
        objects.resize(objects_max);
    }
    static constexpr std::string_view sql = R"sql(
        INSERT INTO audit_log (kind, actor_kind, actor, action, objects, facts, request_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql";
    tx.execute_deferred(sql, kind, cause.actor.kind, cause.actor.label, action, JsonText{write_json(Json(objects))}, JsonText{write_json(facts)},
                        cause.request_id, tx.now());
}

std::vector<AuditEntry> list(Snapshot& db, const Filter& filter, const Page& page) {
    Condition own;
    if (filter.actor) own.also("actor = ?", *filter.actor);
    // Objects stand in the text as "noun/id" between quotes.
    if (filter.object) {
        constexpr std::string_view holds = "{instr|strpos}(CAST(objects AS TEXT), ?) > 0";
        own.also({fmt::format("({0} OR {0})", holds), {'"' + *filter.object + '"', '"' + *filter.object + '/'}});
    }
    return list_page<AuditEntry>(db, {.select = "SELECT * FROM audit_log", .newest_first = true, .log = "audit_log"}, std::move(own), page);
}

AuditEntry get(Snapshot& db, AuditId id) {
    auto entry = db.query("SELECT * FROM audit_log WHERE id = $1", id).first<AuditEntry>();
    if (!entry) throw Error(Errc::not_found, "no entry " + std::to_string(id.value) + " in the audit log", "see wabot audit list");
    return std::move(*entry);
}

}  // namespace wabot::audit
