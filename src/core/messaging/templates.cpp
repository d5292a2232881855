#include "core/messaging/templates.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/database/listing.hpp"

namespace wabot::templates {

namespace {

constexpr std::string_view template_columns = "id, waba_id, name, language, status, category, quality, reason, provider_ref, created_at, updated_at";

}  // namespace

void apply(Transaction& tx, std::string_view waba_id, const TemplateUpdate& news, Time at) {
    static constexpr std::string_view add_sql = R"sql(
        INSERT INTO templates (waba_id, name, language, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
        ON CONFLICT (waba_id, name, language) DO NOTHING)sql";
    static constexpr std::string_view status_sql = R"sql(
        UPDATE templates SET status = $4, reason = $5, status_at = $6, updated_at = $7
        WHERE waba_id = $1 AND name = $2 AND language = $3 AND status_at <= $6)sql";
    static constexpr std::string_view category_sql = R"sql(
        UPDATE templates SET category = $4, category_at = $5, updated_at = $6
        WHERE waba_id = $1 AND name = $2 AND language = $3 AND category_at <= $5)sql";
    static constexpr std::string_view quality_sql = R"sql(
        UPDATE templates SET quality = $4, quality_at = $5, updated_at = $6
        WHERE waba_id = $1 AND name = $2 AND language = $3 AND quality_at <= $5)sql";
    static constexpr std::string_view ref_sql = "UPDATE templates SET provider_ref = $4 WHERE waba_id = $1 AND name = $2 AND language = $3";
    const auto reason = news.reason.empty() ? std::nullopt : std::optional(news.reason);
    tx.execute(add_sql, waba_id, news.name, news.language, tx.now());
    if (!news.status.empty()) tx.execute(status_sql, waba_id, news.name, news.language, news.status, reason, at, tx.now());
    if (!news.category.empty()) tx.execute(category_sql, waba_id, news.name, news.language, news.category, at, tx.now());
    if (!news.quality.empty()) tx.execute(quality_sql, waba_id, news.name, news.language, news.quality, at, tx.now());
    if (!news.provider_ref.empty()) tx.execute(ref_sql, waba_id, news.name, news.language, news.provider_ref);
}

bool is_refused(const Template& one) {
    return one.status == "REJECTED" || one.status == "PAUSED" || one.status == "DISABLED";
}

std::optional<Template> find(Snapshot& db, std::string_view waba_id, std::string_view name, std::string_view language) {
    static const std::string sql = fmt::format("SELECT {} FROM templates WHERE waba_id = $1 AND name = $2 AND language = $3", template_columns);
    return db.query(sql, waba_id, name, language).first<Template>();
}

Template get(Snapshot& db, std::string_view who, const std::optional<std::string>& language) {
    static constexpr std::string_view hint = "see wabot template list";
    if (const auto id = as_id(who)) {
        static const std::string sql = fmt::format("SELECT {} FROM templates WHERE id = $1", template_columns);
        auto found = db.query(sql, *id).first<Template>();
        if (!found) throw_no_such("template", who, {}, hint);
        return std::move(*found);
    }
    static const std::string sql = fmt::format(
        "SELECT {} FROM templates WHERE name = $1 AND (CAST($2 AS TEXT) IS NULL OR language = $2) ORDER BY id LIMIT 20", template_columns);
    auto found = db.query(sql, who, language).all<Template>();
    if (found.empty()) throw_no_such("template", who, {}, hint);
    if (found.size() == 1) return std::move(found.front());
    std::string ids;
    for (const Template& one : found) ids += fmt::format("{}{} ({})", ids.empty() ? "" : ", ", one.id.value, one.language);
    throw Error(Errc::conflict, fmt::format("several templates have this name: {}", ids), "name one by its id, or --language");
}

std::vector<Template> list(Snapshot& db, const std::optional<std::string>& waba_id, const Page& page) {
    static const std::string sql = fmt::format("SELECT {} FROM templates", template_columns);
    Condition own;
    if (waba_id) own.also("waba_id = ?", *waba_id);
    return list_page<Template>(db, {.select = sql, .newest_first = true}, std::move(own), page);
}

std::int64_t count_refused(Snapshot& db) {
    return db.query("SELECT count(*) FROM templates WHERE status = 'REJECTED' OR status = 'PAUSED' OR status = 'DISABLED'").one<std::int64_t>();
}

}  // namespace wabot::templates
