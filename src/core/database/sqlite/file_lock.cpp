#include "core/database/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"

namespace wabot {

namespace {

std::string_view way_out(int cause) {
    if (cause == EACCES) return "the store belongs to another user: run wabot as that user";
    if (cause == EROFS) return "the file system of the store is mounted read-only: wabot can read it and write nothing";
    return {};
}

}  // namespace

LockFile::~LockFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

int LockFile::descriptor() {
    const std::lock_guard lock(mutex_);
    if (descriptor_ >= 0) return descriptor_;
    descriptor_ = open_or_create(path_, O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) return descriptor_;
    const int cause = errno;
    throw Error(cause == EACCES ? Errc::denied : Errc::unavailable, "cannot open the lock file " + path_ + ": " + std::strerror(cause),
                std::string(way_out(cause)));
}

FileLock::FileLock(LockFile& file) : descriptor_(file.descriptor()) {
    while (::flock(descriptor_, LOCK_EX) != 0)
        if (errno != EINTR) throw Error(Errc::unavailable, std::string("cannot lock the database for writing: ") + std::strerror(errno));
}

FileLock::~FileLock() {
    ::flock(descriptor_, LOCK_UN);
}

}  // namespace wabot
