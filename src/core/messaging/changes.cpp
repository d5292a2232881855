#include "core/messaging/changes.hpp"

namespace wabot::changes {

void record(Transaction& tx, const Cause& cause, std::string_view kind, std::string_view object_type, std::int64_t object_id,
            std::int64_t device_id) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO changes (kind, object_type, object_id, device_id, actor, request_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7))sql";
    const std::optional<std::int64_t> device = device_id == 0 ? std::nullopt : std::optional(device_id);
    tx.execute(sql, kind, object_type, object_id, device, cause.actor.label, cause.request_id, tx.now());
}

}  // namespace wabot::changes
