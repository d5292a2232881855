#include <algorithm>
#include <map>
#include <set>

#include "core/agents/agent.hpp"
#include "core/audit/audit_log.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"
#include "core/changes/changes.hpp"
#include "core/contacts/contact.hpp"
#include "core/contacts/ignore_rule.hpp"
#include "core/database/migrations.hpp"
#include "core/database/open_database.hpp"
#include "core/devices/account_events.hpp"
#include "core/devices/device.hpp"
#include "core/files/files.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/messaging/templates.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/pauses.hpp"
#include "core/worker/worker_registry.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;

namespace {

using Lines = std::set<std::string>;

Lines lines_of(Database& db, std::string_view sql) {
    auto query = [sql](Snapshot& snapshot) { return snapshot.query(sql).all<std::string>(); };
    const auto lines = read_and_wait(db, query);
    return {lines.begin(), lines.end()};
}

// "table.column kind", with "?" where it may be null. An integer of SQLite may be a flag, its text a document.
constexpr std::string_view sqlite_columns = R"sql(
    SELECT t.name || '.' || c.name || ' ' || CASE c.type WHEN 'INTEGER' THEN 'integer' WHEN 'BIGINT' THEN 'integer' WHEN 'BLOB' THEN 'bytes' WHEN 'REAL' THEN 'number' ELSE 'text' END ||
           CASE WHEN c."notnull" = 0 AND c.pk = 0 THEN '?' ELSE '' END
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%')sql";
constexpr std::string_view postgres_columns = R"sql(
    SELECT table_name || '.' || column_name || ' ' ||
           CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'boolean' THEN 'integer' WHEN 'bytea' THEN 'bytes' WHEN 'double precision' THEN 'number' WHEN 'json' THEN 'text' ELSE data_type END ||
           CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END
    FROM information_schema.columns WHERE table_schema = 'public')sql";

// "table (columns) unique", with "partial" where it holds some rows only.
constexpr std::string_view sqlite_indexes = R"sql(
    SELECT t.name || ' (' || (SELECT group_concat(name, ',') FROM (SELECT c.name FROM pragma_index_info(i.name) c ORDER BY c.seqno)) || ')' ||
           CASE WHEN i."unique" = 1 THEN ' unique' ELSE '' END || CASE WHEN i.partial = 1 THEN ' partial' ELSE '' END
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%')sql";
constexpr std::string_view postgres_indexes = R"sql(
    SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k(column_no, n)
                                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.column_no) || ')' ||
           CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
    WHERE s.nspname = 'public')sql";

std::string kind_of(const Field& field) {
    switch (field.kind) {
        case Kind::boolean:
        case Kind::integer:
        case Kind::time: return "integer";
        case Kind::number: return "number";
        case Kind::bytes: return "bytes";
        default: return "text";
    }
}

/// What is wrong with the columns of `table` by the description of its rows; fields in `computed` have no column.
Lines differences(const Lines& columns, const std::string& table, std::span<const Field> fields, const std::set<std::string_view>& computed = {}) {
    Lines out;
    const auto expect = [&](const std::string& column, const std::string& kind, bool nullable) {
        const std::string line = table + "." + column + " " + kind + (nullable ? "?" : "");
        if (!columns.contains(line)) out.insert(line);
    };
    for (const Field& field : fields) {
        const std::string name(field.name);
        if (computed.contains(field.name)) continue;
        if (field.kind != Kind::sealed) {
            expect(name, kind_of(field), field.nullable);
            continue;
        }
        expect(name + "_enc", "bytes", field.nullable);
        expect(name + "_hash", "bytes", field.nullable);
        expect(name + "_last4", "text", field.nullable);
    }
    return out;
}

Lines minus(const Lines& a, const Lines& b) {
    Lines out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
    return out;
}

}  // namespace

TEST_CASE("schema: the tables hold what the descriptions of their rows say", "[schema]") {
    test::ScratchStore store;
    const Lines columns = lines_of(store.db(), test::ScratchDatabase::is_postgres() ? postgres_columns : sqlite_columns);
    CHECK(differences(columns, "agents", fields_of<Agent>) == Lines{});
    CHECK(differences(columns, "audit_log", fields_of<AuditEntry>) == Lines{});
    CHECK(differences(columns, "agent_bindings", fields_of<AgentBinding>) == Lines{});
    CHECK(differences(columns, "changes", fields_of<Change>) == Lines{});
    CHECK(differences(columns, "account_events", fields_of<AccountEvent>) == Lines{});
    CHECK(differences(columns, "contacts", fields_of<Contact>) == Lines{});
    CHECK(differences(columns, "contact_notes", fields_of<ContactNote>) == Lines{});
    CHECK(differences(columns, "templates", fields_of<Template>) == Lines{});
    CHECK(differences(columns, "contact_identities", fields_of<ContactIdentity>) == Lines{});
    CHECK(differences(columns, "devices", fields_of<Device>) == Lines{});
    CHECK(differences(columns, "failed_attempts", fields_of<FailedAttempt>) == Lines{});
    CHECK(differences(columns, "files", fields_of<File>) == Lines{});
    CHECK(differences(columns, "ignore_rules", fields_of<IgnoreRule>) == Lines{});
    CHECK(differences(columns, "inbox", fields_of<InboxEvent>, {"items", "messages"}) == Lines{});
    CHECK(differences(columns, "inbox_items", fields_of<InboxItem>) == Lines{});
    CHECK(differences(columns, "media", fields_of<Media>, {"file_size"}) == Lines{});
    CHECK(differences(columns, "messages", fields_of<Message>,
                      {"contact", "contact_id", "contact_jid", "conversation_key", "device", "is_from_user"}) == Lines{});
    CHECK(differences(columns, "paused_queues", fields_of<Pause>) == Lines{});
    CHECK(differences(columns, "sends", fields_of<Send>) == Lines{});
    CHECK(differences(columns, "turns", fields_of<Turn>) == Lines{});
    CHECK(differences(columns, "workers", fields_of<WorkerProcess>) == Lines{});
}

TEST_CASE("schema: both engines have the same tables, columns and indexes", "[schema][postgres]") {
    const test::ScratchFolder folder;
    const auto sqlite = open_database("sqlite:///" + (folder.path() / "wabot.db").string(), real_world().clock, {.create = true});
    migrate_up(*sqlite);
    test::ScratchStore postgres;
    const Lines here = lines_of(*sqlite, sqlite_columns), there = lines_of(postgres.db(), postgres_columns);
    CHECK(here.size() > 150);
    CHECK(minus(here, there) == Lines{});
    // There ids become visible in any order: those who read along go by the transaction.
    CHECK(minus(there, here) == Lines{"changes.xid integer", "inbox.xid integer"});
    // The key of a table of SQLite is the table itself.
    const auto is_key = [](const std::string& line) {
        return line.find(" (id) unique") != std::string::npos || line.starts_with("device_pacing (") || line.starts_with("schema_migrations (");
    };
    Lines ours = lines_of(*sqlite, sqlite_indexes), theirs = lines_of(postgres.db(), postgres_indexes);
    std::erase_if(ours, is_key);
    std::erase_if(theirs, is_key);
    CHECK(ours.size() > 40);
    CHECK(minus(ours, theirs) == Lines{"inbox (kind,digest) unique"});
    CHECK(minus(theirs, ours) == Lines{"changes (xid,id)", "inbox (digest,kind) unique", "inbox (xid,id)"});
}
