#include "core/base/folder_owner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace wabot {

namespace {

/// Whether files in the folder of `path` have to be given away; then `owner` is whose they become.
bool is_owned_by_another(const std::filesystem::path& path, struct stat& owner) noexcept {
    if (::geteuid() != 0) return false;
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    return ::stat(folder.c_str(), &owner) == 0 && owner.st_uid != 0;
}

void give(int descriptor, const std::filesystem::path& path) {
    struct stat owner {};
    if (is_owned_by_another(path, owner)) static_cast<void>(::fchown(descriptor, owner.st_uid, owner.st_gid) == 0);
}

}  // namespace

int open_or_create(const std::filesystem::path& path, int flags, unsigned mode) {
    for (;;) {
        const int created = ::open(path.c_str(), flags | O_CREAT | O_EXCL, mode);
        if (created >= 0) give(created, path);
        if (created >= 0 || errno != EEXIST || (flags & O_EXCL) != 0) return created;
        const int found = ::open(path.c_str(), flags);
        if (found >= 0 || errno != ENOENT) return found;  // ENOENT: removed between the two calls
    }
}

bool create_folder_in(const std::filesystem::path& path, unsigned mode) {
    if (::mkdir(path.c_str(), mode) != 0) return false;
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return true;
    give(folder, path);
    ::close(folder);
    return true;
}

void give_to_folder_owner(const std::filesystem::path& path) noexcept {
    struct stat owner {};
    if (is_owned_by_another(path, owner)) static_cast<void>(::lchown(path.c_str(), owner.st_uid, owner.st_gid) == 0);
}

}  // namespace wabot
