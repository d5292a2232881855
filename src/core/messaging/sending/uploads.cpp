#include "core/messaging/sending/uploads.hpp"

namespace wabot::uploads {

namespace {

constexpr auto margin = std::chrono::hours(24);  // a send may wait as long until it goes

}  // namespace

std::optional<std::string> find(Snapshot& db, const UploadPlace& place) {
    static constexpr std::string_view sql =
        "SELECT media_id FROM media_uploads WHERE device_id = $1 AND file_id = $2 AND device_revision = $3 AND expires_at > $4";
    return db.query(sql, place.device, place.file, place.device_revision, db.now() + margin).first<std::string>();
}

void remember(Transaction& tx, const UploadPlace& place, std::string_view media_id, Time expires_at) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO media_uploads (device_id, file_id, device_revision, media_id, expires_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (device_id, file_id) DO UPDATE SET
            device_revision = excluded.device_revision, media_id = excluded.media_id, expires_at = excluded.expires_at, updated_at = excluded.updated_at)sql";
    tx.execute(sql, place.device, place.file, place.device_revision, media_id, expires_at, tx.now());
}

}  // namespace wabot::uploads
