#include "core/files/blob_cleanup.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/database/database.hpp"
#include "core/files/blob_store.hpp"
#include "core/files/files.hpp"

namespace wabot::files {

namespace {

constexpr int page_rows = 500;

}  // namespace

namespace {

struct Doomed {
    FileId id;
    std::string storage_key;
};

}  // namespace

}  // namespace wabot::files

namespace wabot {
using DoomedFile = files::Doomed;
WABOT_DESCRIBE(DoomedFile, FIELD(id), FIELD(storage_key))
}  // namespace wabot

namespace wabot::files {

namespace {

asio::awaitable<std::size_t> remove_unknown(Database& db, BlobStore& blobs, Time before) {
    std::size_t removed = 0;
    std::string after;
    for (;;) {
        std::vector<std::string> keys;
        auto list = [&] { keys = blobs.list(after, page_rows, before); };
        co_await blobs.aside(list);
        if (keys.empty()) co_return removed;
        after = keys.back();
        auto drop_known = [&keys](Snapshot& snapshot) {
            std::vector<std::string> unknown;
            for (const std::string& key : keys)
                if (!is_blob_known(snapshot, key)) unknown.push_back(key);
            return unknown;
        };
        const std::vector<std::string> unknown = co_await db.read(drop_known);
        auto remove = [&] {
            for (const std::string& key : unknown) removed += blobs.remove(key) ? 1 : 0;
        };
        co_await blobs.aside(remove);
    }
}

}  // namespace

/// The blob goes first: should the row's change be lost, the next sweep finds no blob and says so in the row.
asio::awaitable<std::size_t> remove_deleted(Database& db, BlobStore& blobs) {
    static constexpr std::string_view sql = R"sql(
        SELECT id, storage_key FROM files WHERE deleted_at IS NOT NULL AND storage_key IS NOT NULL ORDER BY id LIMIT $1)sql";
    std::size_t removed = 0;
    for (;;) {
        auto look = [](Snapshot& snapshot) { return snapshot.query(sql, page_rows).all<DoomedFile>(); };
        const auto doomed = co_await db.read(look);
        if (doomed.empty()) co_return removed;
        auto remove = [&] {
            for (const DoomedFile& file : doomed) removed += blobs.remove(file.storage_key) ? 1 : 0;
        };
        co_await blobs.aside(remove);
        auto note = [&](Transaction& tx) {
            for (const DoomedFile& file : doomed) tx.execute("UPDATE files SET storage_key = NULL, updated_at = $2 WHERE id = $1", file.id, tx.now());
        };
        co_await db.write(note);
    }
}

asio::awaitable<std::size_t> sweep(Database& db, BlobStore& blobs) {
    auto now = [](Snapshot& snapshot) { return snapshot.now(); };
    const Time yesterday = co_await db.read(now) - std::chrono::hours(24);
    std::size_t removed = co_await remove_unknown(db, blobs, yesterday);
    auto drafts = [&] { removed += blobs.remove_drafts(yesterday); };
    co_await blobs.aside(drafts);
    co_return removed;
}

}  // namespace wabot::files
