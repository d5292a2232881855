#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// Where a file comes from: a contact's message, or a user on our side.
WABOT_ENUM(FileOrigin, incoming, outgoing)

/// A file whose bytes lie in a `BlobStore`.
struct File {
    FileId id;
    std::string uuid;
    std::optional<DeviceId> device_id;
    FileOrigin origin;
    std::string file_name;
    std::string file_type;
    std::int64_t file_size;
    std::string sha256;
    std::string storage_backend;
    std::optional<std::string> storage_key;
    std::optional<Time> deleted_at;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(File, FIELD(id, .key = true), FIELD(uuid, .wide = true), FIELD(device_id), FIELD(origin),
               FIELD(file_name, .doc = "Display name; not a path"), FIELD(file_type, .doc = "MIME type, checked against the content"),
               FIELD(file_size, .doc = "Bytes"), FIELD(sha256, .wide = true), FIELD(storage_backend, .wide = true),
               FIELD(storage_key, .secret = true), FIELD(deleted_at, .wide = true, .doc = "When the content was deleted"), FIELD(created_at),
               FIELD(updated_at, .wide = true))

namespace files {

inline constexpr std::int64_t size_max = 25 * 1024 * 1024;

/// A name as it may be shown and offered: without control characters, path separators and marks that turn the direction of writing, neither hidden
/// nor longer than 255 characters. Never empty: "file" where nothing is left.
std::string display_name(std::string_view name);
/// A UUID, version 4.
std::string new_uuid(Random& random);

struct New {
    std::string uuid;  // new_uuid
    std::optional<DeviceId> device;
    FileOrigin origin = FileOrigin::incoming;
    std::string_view name;  // display_name
    std::string_view type;
    std::int64_t size = 0;  // 1 to size_max
    std::string_view sha256;
    std::string_view backend;  // BlobStore::backend
    std::string_view key;      // of a blob that is published
};
/// Error{conflict} when there is one of that blob.
FileId add(Transaction& tx, const New& file);

std::optional<File> find(Snapshot& db, std::string_view id_or_uuid);
/// Error{not_found} with the way out.
File get(Snapshot& db, std::string_view id_or_uuid);
/// Whether a file has that blob.
bool is_blob_known(Snapshot& db, std::string_view key);

struct Filter {
    std::optional<DeviceId> device;
    std::optional<FileOrigin> origin;
};
/// Newest first.
std::vector<File> list(Snapshot& db, const Filter& filter, const Page& page = {});

}  // namespace files

}  // namespace wabot
