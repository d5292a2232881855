#pragma once

#include <string>

#include "core/channels/content.hpp"
#include "core/files/blob_store.hpp"
#include "core/files/files.hpp"

namespace wabot::cli {

/// A file of this machine that is to be sent: looked at, not yet kept.
struct LocalFile {
    std::string path;
    std::string name;  // for people
    std::string type;
    BlobFacts facts;
};

/// Error{not_found}, or Error{invalid} when the provider takes no such file as media of that kind.
LocalFile look_at(const std::string& path, ContentKind kind);
/// Keeps its bytes, as they are now, in the store. Error{invalid} when they are not those that were looked at.
void keep(BlobStore& blobs, const std::string& key, const LocalFile& file);
/// Its row.
FileId add(Transaction& tx, Random& random, BlobStore& blobs, const std::string& key, const LocalFile& file, DeviceId device);

}  // namespace wabot::cli
