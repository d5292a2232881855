#include "core/messaging/sending/statuses.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"

namespace wabot {

/// The message that a status is about.
struct StatusMessage {
    MessageId id;
    ConversationId conversation_id;
    std::int64_t sends;  // of it: its parts, and their attempts
};
WABOT_DESCRIBE(StatusMessage, FIELD(id), FIELD(conversation_id), FIELD(sends))

struct Leftover {
    DeviceId device_id;
    Bytes hash;
    MessageId message_id;
    ConversationId conversation_id;
};
WABOT_DESCRIBE(Leftover, FIELD(device_id), FIELD(hash), FIELD(message_id), FIELD(conversation_id))

std::optional<std::string> ReportedStatus::error() const {
    if (!error_code) return std::nullopt;
    return error_title ? *error_code + ": " + *error_title : *error_code;
}

}  // namespace wabot

namespace wabot::statuses {

namespace {

constexpr std::string_view reported_columns = "status, timestamp AS at, error_code, error_title, pricing";
constexpr auto leftover_age_max = std::chrono::minutes(10);

std::optional<JsonText> error_json(const ReportedStatus& status) {
    if (!status.error_code) return std::nullopt;
    return JsonText{write_json(Json{{"code", *status.error_code}, {"detail", status.error_title.value_or("")}})};
}

/// A message that was one send goes as the provider says; one of several as the least of its parts.
void move_message(Transaction& tx, const StatusMessage& message, const ReportedStatus& status) {
    const auto to = from_word<MessageStatus>(status.status);
    const bool is_providers = to && (*to == MessageStatus::sent || *to == MessageStatus::delivered || *to == MessageStatus::read ||
                                     *to == MessageStatus::played || *to == MessageStatus::failed);
    if (!is_providers) return;  // a word we do not know is kept in the timeline, and no more
    if (message.sends > 1)
        messages::follow_sends(tx, message.id, error_json(status));
    else
        messages::advance(tx, message.id, *to, error_json(status));
}

std::optional<StatusMessage> message_of(Transaction& tx, DeviceId device, const Bytes& hash) {
    static constexpr std::string_view send_sql = R"sql(
        SELECT s.message_id AS id, s.conversation_id, (SELECT count(*) FROM sends o WHERE o.message_id = s.message_id) AS sends
        FROM sends s WHERE s.device_id = $1 AND s.whatsapp_message_id_hash = $2 LIMIT 1)sql";
    static constexpr std::string_view sql = R"sql(
        SELECT m.id, m.conversation_id, (SELECT count(*) FROM sends o WHERE o.message_id = m.id) AS sends
        FROM messages m WHERE m.device_id = $1 AND m.whatsapp_message_id_hash = $2)sql";
    if (auto of_send = tx.query(send_sql, device, hash).first<StatusMessage>()) return of_send;
    return tx.query(sql, device, hash).first<StatusMessage>();
}

}  // namespace

std::optional<Applied> apply(Transaction& tx, const Cause& cause, DeviceId device, const Sealable& status) {
    const StatusUpdate& update = status.update;
    auto found = message_of(tx, device, status.provider_id.hash);
    for (std::size_t i = 0; !found && i < status.also.size(); ++i) found = message_of(tx, device, status.also[i]);
    if (found) lanes::lock(tx, found->conversation_id);
    // The provider's id is not known yet when the status overtakes the answer, or when there was none: then our own tells.
    const bool failed = update.status == "failed";
    if (!found && sends::settle(tx, cause, device, update.callback_token, status.provider_id, "status", !failed))
        found = message_of(tx, device, status.provider_id.hash);
    const auto message = found ? std::optional(found->id) : std::nullopt;
    const auto some = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    const ReportedStatus row{update.status, update.timestamp, some(update.error_code), some(update.error_title), some(update.pricing)};
    static constexpr std::string_view sql = R"sql(
        INSERT INTO message_statuses (device_id, message_id, whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4,
                                      recipient_hash, status, timestamp, error_code, error_title, pricing, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
        ON CONFLICT (whatsapp_message_id_hash, status, recipient_hash) DO NOTHING)sql";
    const auto added =
        tx.execute(sql, device, message, status.provider_id.enc, status.provider_id.hash, status.provider_id.last4, status.recipient_hash,
                   first_characters(row.status, 30), row.at, row.error_code, row.error_title, row.pricing, tx.now());
    if (added == 0) return std::nullopt;
    if (message) {
        // That it did not reach one of a group says nothing of the others.
        if (!failed || !update.of_participant) move_message(tx, *found, row);
        if (failed) sends::note_no_marketing(tx, cause, device, *message, update.error_code, update.timestamp);
        changes::record(tx, cause, "message.status", "message", message->value, device.value);
    }
    return Applied{message};
}

void join_early(Transaction& tx, DeviceId device, const Bytes& hash, MessageId message) {
    static const std::string early_sql =
        fmt::format("SELECT {} FROM message_statuses WHERE whatsapp_message_id_hash = $2 AND device_id = $1 AND message_id IS NULL ORDER BY id",
                    reported_columns);
    const auto early = tx.query(early_sql, device, hash).all<ReportedStatus>();
    if (early.empty()) return;
    static constexpr std::string_view sql = R"sql(
        UPDATE message_statuses SET message_id = $3, updated_at = $4
        WHERE whatsapp_message_id_hash = $2 AND device_id = $1 AND message_id IS NULL)sql";
    tx.execute(sql, device, hash, message, tx.now());
    const std::int64_t sends = tx.query("SELECT count(*) FROM sends WHERE message_id = $1", message).one<std::int64_t>();
    for (const ReportedStatus& status : early) move_message(tx, {message, {}, sends}, status);
}

void join_leftovers(Transaction& tx) {
    // Statuses of what others sent by the same account stay without a message for ever: only the newest are looked at.
    static constexpr std::string_view sql = R"sql(
        SELECT DISTINCT s.device_id, s.whatsapp_message_id_hash AS hash, s.message_id, s.conversation_id
        FROM (SELECT device_id, whatsapp_message_id_hash, created_at FROM message_statuses WHERE message_id IS NULL ORDER BY id DESC LIMIT 1000) l
        JOIN sends s ON s.device_id = l.device_id AND s.whatsapp_message_id_hash = l.whatsapp_message_id_hash
        WHERE l.created_at > $1)sql";
    for (const Leftover& leftover : tx.query(sql, tx.now() - leftover_age_max).all<Leftover>())
        if (lanes::try_lock(tx, leftover.conversation_id))  // else the next time
            join_early(tx, leftover.device_id, leftover.hash, leftover.message_id);
}

std::vector<ReportedStatus> list(Snapshot& db, MessageId message) {
    static const std::string sql =
        fmt::format("SELECT {} FROM message_statuses WHERE message_id = $1 ORDER BY timestamp, id LIMIT 200", reported_columns);
    return db.query(sql, message).all<ReportedStatus>();
}

std::optional<ReportedStatus> find_stored(Snapshot& db, MessageId message, Time stored_at) {
    static const std::string sql =
        fmt::format("SELECT {} FROM message_statuses WHERE message_id = $1 AND created_at = $2 ORDER BY id DESC LIMIT 1", reported_columns);
    return db.query(sql, message, stored_at).first<ReportedStatus>();
}

std::int64_t count_failed(Snapshot& db, Time since) {
    static constexpr std::string_view sql = R"sql(
        SELECT count(*) FROM messages m
        WHERE m.status = 'failed' AND m.updated_at > $1
          AND EXISTS (SELECT s.id FROM message_statuses s WHERE s.message_id = m.id AND s.status = 'failed'))sql";
    return db.query(sql, since).one<std::int64_t>();
}

}  // namespace wabot::statuses
