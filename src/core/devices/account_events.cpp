#include "core/devices/account_events.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "core/base/json.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"
#include "core/devices/options.hpp"

namespace wabot::account_events {

namespace {

constexpr std::string_view event_columns = "id, device_id, waba_id, field, event, weight, facts, timestamp, created_at, updated_at";

std::string waba_of(const Device& device) {
    return device.kind == DeviceKind::whatsapp ? devices::options_of(device).waba_id : std::string();
}

std::optional<std::string> text_of(const Json& facts, const char* name) {
    const auto found = facts.find(name);
    return found != facts.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

}  // namespace

bool add(Transaction& tx, const Cause& cause, const New& event) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO account_events (device_id, waba_id, field, event, weight, facts, raw, digest, timestamp, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT (digest) DO NOTHING)sql";
    const auto word = event.event.empty() ? std::nullopt : std::optional(std::string(event.event));
    const auto id = tx.insert<AccountEventId>(sql, event.device, event.waba_id, event.field, word, event.weight, JsonText{std::string(event.facts)},
                                              event.raw, event.digest, event.timestamp, tx.now());
    if (!id) return false;
    changes::record(tx, cause, "account." + std::string(event.field), "account_event", id->value, event.device.value_or(DeviceId{}).value);
    return true;
}

bool is_newest(Snapshot& db, const New& event) {
    static constexpr std::string_view sql = R"sql(
        SELECT id FROM account_events WHERE waba_id = $1 AND field = $2 AND (weight = 'stops' OR weight = 'lifts') AND timestamp > $3 LIMIT 1)sql";
    return db.query(sql, event.waba_id, event.field, event.timestamp).empty();
}

std::vector<AccountEvent> list(Snapshot& db, const std::optional<Device>& device, const Page& page) {
    static const std::string sql = "SELECT " + std::string(event_columns) + " FROM account_events";
    Condition own;
    if (device) own.also({"(device_id = ? OR (device_id IS NULL AND waba_id = ? AND waba_id <> ''))", {device->id.value, waba_of(*device)}});
    return list_page<AccountEvent>(db, {.select = sql, .newest_first = true, .log = "account_events"}, std::move(own), page);
}

AccountStanding standing(Snapshot& db, const Device& device, Time since) {
    constexpr std::size_t latest_max = 10;
    AccountStanding out;
    std::set<std::string> decided;  // fields whose newest heavy news was seen
    for (AccountEvent& event : list(db, device, {.limit = Page::limit_max})) {
        if (event.field == "phone_number_quality_update") {
            const std::string word = event.event.value_or("");
            if (!out.quality && (word == "FLAGGED" || word == "UNFLAGGED")) out.quality = word;
            if (!out.messaging_limit) out.messaging_limit = text_of(read_json(event.facts.text), "current_limit");
        }
        const bool decides = event.weight != EventWeight::info && decided.insert(event.field).second;
        if (decides && event.weight != EventWeight::lifts && event.created_at > since) out.troubles.push_back(event);
        if (out.latest.size() < latest_max) out.latest.push_back(std::move(event));
    }
    return out;
}

}  // namespace wabot::account_events
