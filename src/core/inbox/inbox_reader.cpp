#include "core/inbox/inbox_reader.hpp"

namespace wabot::arrivals {

Cursor end(Snapshot& db) {
    return cursors::end(db, "inbox");
}

FeedPart<ArrivedBody> read(Snapshot& db, const Cursor& after, int limit) {
    return cursors::read<ArrivedBody>(db, "inbox", "SELECT id, kind, device_id, verified_by, body, received_at FROM inbox", after, limit);
}

}  // namespace wabot::arrivals
