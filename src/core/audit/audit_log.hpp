#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/audit_draft.hpp"
#include "core/base/describe.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

using AuditId = Id<struct AuditEntry>;
WABOT_ENUM(AuditKind, change, reveal)

/// A command that changed something, or showed what is sealed.
struct AuditEntry {
    AuditId id;
    AuditKind kind = AuditKind::change;
    std::string actor_kind;  // of Actor
    std::string actor;       // "cli:ana"
    std::string action;      // "device update"
    JsonText objects;        // ["device/3"]
    JsonText facts;
    std::string request_id;
    Time created_at;
};
WABOT_DESCRIBE(AuditEntry, FIELD(id, .key = true), FIELD(created_at), FIELD(actor), FIELD(actor_kind, .wide = true), FIELD(kind), FIELD(action),
               FIELD(objects), FIELD(facts), FIELD(request_id))

/// Who had what done. What the server does by itself (webhooks, turns, sends, jobs) is in the feed of changes and not here.
namespace audit {

/// One entry, in the unit that makes the change; it never changes again.
void record(Transaction& tx, const Cause& cause, AuditKind kind, std::string_view action, const AuditDraft& draft);

struct Filter {
    std::optional<std::string> actor;
    std::optional<std::string> object;  // "device/3", or every "device"
};
/// The newest first.
std::vector<AuditEntry> list(Snapshot& db, const Filter& filter, const Page& page);
/// Error{not_found}.
AuditEntry get(Snapshot& db, AuditId id);

}  // namespace audit

}  // namespace wabot
