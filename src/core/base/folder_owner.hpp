#pragma once

#include <filesystem>

namespace wabot {

/// What root creates in the folder of a store belongs to the owner of that folder: the service, which is another user, can then use it.
/// For every other user these are open(2) and mkdir(2).

/// Opens `path` with `flags`, creates it with `mode` if it does not exist. A descriptor, or -1 and errno.
int open_or_create(const std::filesystem::path& path, int flags, unsigned mode);

/// Whether the folder was created; otherwise errno says why, EEXIST included.
bool create_folder_in(const std::filesystem::path& path, unsigned mode);

/// The same for a file that a library has just created. Never follows a link.
void give_to_folder_owner(const std::filesystem::path& path) noexcept;

}  // namespace wabot
