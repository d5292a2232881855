#include "core/messaging/media.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/channels/media_source.hpp"
#include "core/files/content_type.hpp"
#include "core/files/files.hpp"
#include "core/messaging/lanes.hpp"
#include "core/queue/jobs.hpp"

namespace wabot {

/// Where a medium belongs, and how long its message's turn waits.
struct MediaPlace {
    ConversationId conversation_id;
    DeviceId device_id;
    std::optional<Time> media_wait_until;
};
WABOT_DESCRIBE(MediaPlace, FIELD(conversation_id), FIELD(device_id), FIELD(media_wait_until))

struct MediaFile {
    std::optional<FileId> id;
    std::optional<Time> deleted_at;
    std::string kind;
    std::string type;
    std::string name;
    MediaState state;
    std::optional<std::string> error;
};
WABOT_DESCRIBE(MediaFile, FIELD(id), FIELD(deleted_at), FIELD(kind), FIELD(type), FIELD(name), FIELD(state), FIELD(error))

namespace media {

namespace {

constexpr std::string_view columns =
    "m.id, m.message_id, m.kind, m.provider_media_id, m.mime_type, m.sha256, m.file_name, m.blob_key, m.state, m.file_id, f.file_size, m.error, "
    "m.created_at, m.updated_at";

/// Untrusted text as every database takes it.
std::string storable(std::string_view text, std::size_t most) {
    return first_characters(sanitize_utf8(text).value_or(std::string(text)), most);
}

MediaPlace place_of(Snapshot& db, MessageId message) {
    return db.query("SELECT conversation_id, device_id, media_wait_until FROM messages WHERE id = $1", message).one<MediaPlace>();
}

}  // namespace

void add(Transaction& tx, MessageId message, const New& medium) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO media (message_id, kind, provider_media_id, mime_type, sha256, file_name, blob_key, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8))sql";
    const std::string hash = read_media_hash(std::string(medium.sha256));
    const auto sha256 = hash.empty() ? std::nullopt : std::optional(hash);
    const auto name = medium.file_name.empty() ? std::nullopt : std::optional(files::display_name(medium.file_name));
    const auto id = tx.insert<MediaId>(sql, message, storable(medium.kind, 30), storable(medium.provider_media_id, 255),
                                       storable(medium.mime_type, 255), sha256, name, medium.blob_key, tx.now());
    jobs::New job;
    job.kind = job_kind;
    job.payload = fmt::format(R"({{"media": {}}})", id.value().value);
    job.unique_key = fmt::format("{}/{}", job_kind, id.value().value);
    jobs::enqueue(tx, job);
}

void wait_for(Transaction& tx, MessageId message, Time until) {
    tx.execute("UPDATE messages SET media_wait_until = $2 WHERE id = $1", message, until);
}

std::optional<Media> find(Snapshot& db, MediaId id) {
    static const std::string sql = fmt::format("SELECT {} FROM media m LEFT JOIN files f ON f.id = m.file_id WHERE m.id = $1", columns);
    return db.query(sql, id).first<Media>();
}

std::vector<Media> of_message(Snapshot& db, MessageId message) {
    static const std::string sql =
        fmt::format("SELECT {} FROM media m LEFT JOIN files f ON f.id = m.file_id WHERE m.message_id = $1 ORDER BY m.id LIMIT 100", columns);
    return db.query(sql, message).all<Media>();
}

std::vector<QuestionFile> as_question(Snapshot& db, MessageId message) {
    static constexpr std::string_view sql = R"sql(
        SELECT f.id, f.deleted_at, m.kind, COALESCE(f.file_type, m.mime_type) AS type, COALESCE(f.file_name, m.file_name, '') AS name, m.state, m.error
        FROM media m LEFT JOIN files f ON f.id = m.file_id WHERE m.message_id = $1 ORDER BY m.id LIMIT 100)sql";
    std::vector<QuestionFile> out;
    for (MediaFile& file : db.query(sql, message).all<MediaFile>()) {
        const bool is_kept = file.state == MediaState::fetched && file.id && !file.deleted_at;
        const bool is_there = is_kept && file.type != content_type::unknown;  // a file of unknown type is for people
        std::string why = is_there ? "" : file.deleted_at ? "no longer stored" : is_kept ? "of an unknown type" : "not fetched";
        if (!is_there && file.error) why += ": " + *file.error;
        out.push_back({is_there ? file.id : std::nullopt, file.kind, file.type, file.name, why});
    }
    return out;
}

std::string told_state(const Media& medium) {
    switch (medium.state) {
        case MediaState::fetched: return fmt::format("fetched, {} bytes", medium.file_size.value_or(0));
        case MediaState::waiting: return medium.error ? fmt::format("not fetched yet: {}", *medium.error) : std::string("not fetched yet");
        default: return fmt::format("not fetched: {}: {}", to_word(medium.state), medium.error.value_or("no reason"));
    }
}

bool is_open(const Media& medium) {
    return medium.state == MediaState::waiting || medium.state == MediaState::failed;
}

bool hold_open(Transaction& tx, const Media& medium) {
    lanes::lock(tx, place_of(tx, medium.message_id).conversation_id);
    const auto now = find(tx, medium.id);
    return now && is_open(*now);
}

void settle(Transaction& tx, const Cause& cause, const Media& medium, MediaState state, std::optional<FileId> file,
            const std::optional<std::string>& error) {
    static constexpr std::string_view sql = "UPDATE media SET state = $2, file_id = $3, error = $4, updated_at = $5 WHERE id = $1";
    tx.execute(sql, medium.id, state, file, error, tx.now());
    const MediaPlace place = place_of(tx, medium.message_id);
    changes::record(tx, cause, "message.media_" + std::string(to_word(state)), "message", medium.message_id.value, place.device_id.value);
    if (!place.media_wait_until) return;
    static constexpr std::string_view waits_sql = "SELECT id FROM media WHERE message_id = $1 AND state = 'waiting' LIMIT 1";
    if (!tx.query(waits_sql, medium.message_id).empty()) return;
    tx.execute("UPDATE messages SET media_wait_until = NULL WHERE id = $1", medium.message_id);
    lanes::end_wait(tx, place.conversation_id, *place.media_wait_until);
}

void note_failure(Transaction& tx, MediaId id, std::string_view error) {
    tx.execute("UPDATE media SET error = $2, updated_at = $3 WHERE id = $1 AND state = 'waiting'", id, error, tx.now());
}

}  // namespace media

}  // namespace wabot
