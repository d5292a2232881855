#include "core/operations/object_names.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/contacts/contacts.hpp"

namespace wabot {

struct NamedRow {
    std::string word;
    std::optional<std::string> id;
    std::optional<std::string> description;
};
WABOT_DESCRIBE(NamedRow, FIELD(word), FIELD(id), FIELD(description))

struct NamedContact {
    ContactId id;
    std::optional<std::string> name;
    std::optional<std::string> phone_number_last4;
    std::int64_t bearers;  // of the name
};
WABOT_DESCRIBE(NamedContact, FIELD(id), FIELD(name), FIELD(phone_number_last4), FIELD(bearers))

namespace names {

namespace {

/// The rows of `sql`, whose columns are those of NamedRow.
std::vector<KnownName> named(Snapshot& db, std::string_view sql) {
    std::vector<KnownName> names;
    for (NamedRow& row : db.query(sql).all<NamedRow>())
        names.push_back({std::move(row.word), std::move(row.id).value_or(""), std::move(row.description).value_or("")});
    return names;
}

}  // namespace

std::string shown(Snapshot& db, std::string_view noun, std::int64_t id) {
    const std::string_view sql = noun == "device"  ? "SELECT key FROM devices WHERE id = $1"
                                 : noun == "agent" ? "SELECT key FROM agents WHERE id = $1"
                                                   : "SELECT COALESCE(name, '') FROM contacts WHERE id = $1";
    return db.query(sql, id).first<std::string>().value_or("");
}

std::vector<KnownName> devices(Snapshot& db) {
    return named(
        db, "SELECT key AS word, CAST(id AS TEXT) AS id, kind || ', ' || name AS description FROM devices WHERE deleted_at IS NULL ORDER BY key");
}

std::vector<KnownName> agents(Snapshot& db) {
    return named(db, "SELECT key AS word, CAST(id AS TEXT) AS id, name AS description FROM agents WHERE deleted_at IS NULL ORDER BY key");
}

std::vector<KnownName> contacts(Snapshot& db, std::string_view begun) {
    // Who bear the same name are all found or all not, so that counting them here is counting them all.
    static constexpr std::string_view sql = R"sql(
        SELECT id, name, phone_number_last4, count(*) OVER (PARTITION BY name) AS bearers FROM contacts
        WHERE lower(coalesce(name, '')) LIKE lower($1) ESCAPE '!' OR CAST(id AS TEXT) LIKE $2 ESCAPE '!'
        ORDER BY CASE WHEN lower(coalesce(name, '')) LIKE lower($2) ESCAPE '!' THEN 0 ELSE 1 END, id DESC LIMIT 400)sql";
    std::string prefix;
    for (const char c : begun) prefix += c == '%' || c == '_' || c == '!' ? std::string{'!', c} : std::string{c};
    prefix += '%';
    const auto rows = db.query(sql, "%" + prefix, prefix).all<NamedContact>();
    std::vector<KnownName> names;
    names.reserve(rows.size());
    for (const NamedContact& row : rows) {
        const std::string number = row.phone_number_last4 ? fmt::format("{}{}", mask, *row.phone_number_last4) : std::string();
        const std::string id = std::to_string(row.id.value);
        if (row.name && wabot::contacts::may_name(*row.name) && row.bearers == 1)
            names.push_back({*row.name, id, number});
        else
            names.push_back({id, {}, fmt::format("{}{}{}", row.name.value_or(""), row.name && !number.empty() ? ", " : "", number)});
    }
    return names;
}

std::vector<KnownName> conversations(Snapshot& db) {
    return named(db, R"sql(
        SELECT v.key AS word, CAST(v.id AS TEXT) AS id, coalesce(c.name, '') || ' on ' || d.key AS description
        FROM conversations v JOIN contacts c ON c.id = v.contact_id JOIN devices d ON d.id = v.device_id
        ORDER BY v.id DESC LIMIT 10000)sql");
}

std::vector<KnownName> messages(Snapshot& db) {
    return named(db, R"sql(
        SELECT CAST(id AS TEXT) AS word, direction || ' ' || message_type || ', ' || status AS description
        FROM messages ORDER BY id DESC LIMIT 10000)sql");
}

std::vector<KnownName> templates(Snapshot& db) {
    return named(db, R"sql(
        SELECT name AS word, min(language) || CASE WHEN count(*) > 1 THEN ' and others' ELSE '' END AS description
        FROM templates GROUP BY name ORDER BY name)sql");
}

std::vector<KnownName> files(Snapshot& db) {
    return named(db, "SELECT CAST(id AS TEXT) AS word, file_name || ', ' || file_type AS description FROM files ORDER BY id DESC LIMIT 10000");
}

std::vector<KnownName> ignore_rules(Snapshot& db) {
    return named(db, R"sql(
        SELECT CAST(r.id AS TEXT) AS word, r.rule_type || ' ' || coalesce(r.value, '••••••' || r.address_last4, '') || ' on ' || d.key AS description
        FROM ignore_rules r JOIN devices d ON d.id = r.device_id ORDER BY r.id DESC)sql");
}

std::vector<KnownName> events(Snapshot& db) {
    return named(db, "SELECT CAST(id AS TEXT) AS word, kind || ', ' || state AS description FROM inbox ORDER BY id DESC LIMIT 10000");
}

std::vector<KnownName> jobs(Snapshot& db) {
    return named(db, R"sql(
        SELECT word, description FROM (
            SELECT 'turn/' || CAST(id AS TEXT) AS word, coalesce(outcome, 'open') AS description, created_at FROM turns
            WHERE outcome IS NULL OR outcome = 'dead'
            UNION ALL
            SELECT 'send/' || CAST(id AS TEXT), state, created_at FROM sends WHERE state <> 'sent' AND state <> 'cancelled'
            UNION ALL
            SELECT 'job/' || CAST(id AS TEXT), kind || ', ' || state, created_at FROM jobs WHERE state <> 'done' AND state <> 'cancelled') open
        ORDER BY created_at DESC LIMIT 10000)sql");
}

std::vector<KnownName> audit_entries(Snapshot& db) {
    return named(db, "SELECT CAST(id AS TEXT) AS word, action || ' by ' || actor AS description FROM audit_log ORDER BY id DESC LIMIT 10000");
}

}  // namespace names

}  // namespace wabot
