#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// A file as a provider knows it: by device, and by the revision of the device it was given under.
struct UploadPlace {
    DeviceId device;
    std::int64_t device_revision;
    FileId file;
};

/// What providers keep of our files, so that none is given twice.
namespace uploads {

/// The provider's id, as long as it knows it for a while yet.
std::optional<std::string> find(Snapshot& db, const UploadPlace& place);
void remember(Transaction& tx, const UploadPlace& place, std::string_view media_id, Time expires_at);

}  // namespace uploads

}  // namespace wabot
