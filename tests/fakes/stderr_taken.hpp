#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/base/log.hpp"
#include "core/config/config_files.hpp"
#include "tests/fakes/scratch_store.hpp"

namespace wabot::test {

/// What is written to stderr while it lives. Afterwards the log is as it is without set-up.
class StderrTaken {
public:
    StderrTaken() : file_(scratch_.path() / "stderr"), saved_(::dup(STDERR_FILENO)) {
        const int taken = ::open(file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(taken, STDERR_FILENO);
        ::close(taken);
    }
    ~StderrTaken() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        log::set_up({.level = log::Level::warning});
    }
    StderrTaken(const StderrTaken&) = delete;
    StderrTaken& operator=(const StderrTaken&) = delete;

    std::string text() const { return read_file(file_, 1 << 20); }

private:
    test::ScratchFolder scratch_;
    std::filesystem::path file_;
    int saved_;
};

}  // namespace wabot::test
