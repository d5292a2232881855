#pragma once

#include <string>

namespace wabot {

/// A side file whose lock makes writers of several processes take turns. SQLite's own busy retry is unfair: beside a busy writer short ones
/// starve, while waiters of a file lock are woken in turn.
class LockFile {
public:
    /// Error{unavailable} when the file cannot be made.
    explicit LockFile(const std::string& path);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

/// Holds the lock; waits for it as long as it takes.
class FileLock {
public:
    explicit FileLock(const LockFile& file);
    ~FileLock();
    FileLock(const FileLock&) = delete;

private:
    int descriptor_;
};

}  // namespace wabot
