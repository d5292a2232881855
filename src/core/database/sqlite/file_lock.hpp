#pragma once

#include <mutex>
#include <string>

namespace wabot {

/// A side file whose lock makes writers of several processes take turns. SQLite's own busy retry is unfair: beside a busy writer short ones
/// starve, while waiters of a file lock are woken in turn.
class LockFile {
public:
    explicit LockFile(std::string path) : path_(std::move(path)) {}
    ~LockFile();
    LockFile(const LockFile&) = delete;
    /// Opened, or made, when it is first asked for: who only reads needs none. Error{denied}, Error{unavailable}.
    int descriptor();

private:
    const std::string path_;
    std::mutex mutex_;
    int descriptor_ = -1;
};

/// Holds the lock; waits for it as long as it takes.
class FileLock {
public:
    explicit FileLock(LockFile& file);
    ~FileLock();
    FileLock(const FileLock&) = delete;

private:
    int descriptor_;
};

}  // namespace wabot
