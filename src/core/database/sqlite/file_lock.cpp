#include "core/database/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"

namespace wabot {

LockFile::LockFile(const std::string& path) : descriptor_(open_or_create(path, O_RDWR | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0)
        throw Error(errno == EACCES ? Errc::denied : Errc::unavailable, "cannot open the lock file " + path + ": " + std::strerror(errno),
                    errno == EACCES ? "the store belongs to another user: run wabot as that user" : "");
}

LockFile::~LockFile() {
    ::close(descriptor_);
}

FileLock::FileLock(const LockFile& file) : descriptor_(file.descriptor()) {
    while (::flock(descriptor_, LOCK_EX) != 0)
        if (errno != EINTR) throw Error(Errc::unavailable, std::string("cannot lock the database for writing: ") + std::strerror(errno));
}

FileLock::~FileLock() {
    ::flock(descriptor_, LOCK_UN);
}

}  // namespace wabot
