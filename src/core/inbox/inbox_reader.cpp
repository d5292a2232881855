#include "core/inbox/inbox_reader.hpp"

namespace wabot::inbox_reader {

Cursor end(Snapshot& db) {
    return cursors::end(db, "inbox");
}

FeedPart<ReceivedWebhook> read(Snapshot& db, const Cursor& after, int limit) {
    return cursors::read<ReceivedWebhook>(db, "inbox", "SELECT id, kind, device_id, verified_by, body, received_at FROM inbox", after, limit);
}

}  // namespace wabot::inbox_reader
