#pragma once

#include <filesystem>
#include <string_view>

namespace wabot::cli {

/// Writes a new file that only its owner may read (or of `mode`), and makes it durable. False when there is a file already, which stays
/// as it is. Error{unavailable} when it cannot be written; then there is none.
bool create_file(const std::filesystem::path& file, std::string_view text, unsigned mode = 0600);

/// The folder, with its parents, open to its owner and group only; one that is there stays as it is.
void create_folder(const std::filesystem::path& folder);

}  // namespace wabot::cli
