#include "core/base/log_sinks.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"

namespace wabot::log {

namespace {

constexpr std::size_t file_size_max = 1024 * 1024;
constexpr std::size_t old_files = 50;
constexpr int patience_ms = 100;

bool takes_more(int timeout_ms) {
    pollfd waited{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    return ::poll(&waited, 1, timeout_ms) > 0 && (waited.revents & POLLOUT) != 0;
}

std::unique_ptr<spdlog::sinks::rotating_file_sink_st> open_file(const std::filesystem::path& path) {
    auto file = std::make_unique<spdlog::sinks::rotating_file_sink_st>(path.string(), file_size_max, old_files);
    file->set_pattern("%v");
    give_to_folder_owner(path);
    return file;
}

}  // namespace

bool ServiceStderr::write(std::string_view line) {
    while (!line.empty()) {
        if (!takes_more(is_stalled_ ? 0 : patience_ms)) return false;
        // For so much a pipe has room that takes anything.
        const ssize_t written = ::write(STDERR_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno == EPIPE;  // no reader: the line is not missed
        line.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void ServiceStderr::sink_it_(const spdlog::details::log_msg& message) {
    const std::string line = fmt::format("{}\n", std::string_view(message.payload.data(), message.payload.size()));
    if (lost_ > 0 && takes_more(0)) {
        is_stalled_ = false;
        if (write(fmt::format("wabot: {} log line{} lost: the log was not read\n", lost_, lost_ == 1 ? "" : "s"))) lost_ = 0;
    }
    if (is_stalled_ || !write(line)) {
        is_stalled_ = true;
        ++lost_;
    }
}

LogFile::LogFile(std::filesystem::path path) : path_(std::move(path)) {
    try {
        file_ = open_file(path_);
    } catch (const spdlog::spdlog_ex& e) {
        throw Error(Errc::invalid, fmt::format("the log file {} cannot be opened: {}", path_.string(), e.what()), "check AI_MESSAGE_LOGS_FOLDER");
    }
}

void LogFile::reopen() {
    const std::lock_guard lock(mutex_);
    try {
        file_ = open_file(path_);
    } catch (const spdlog::spdlog_ex&) {  // said nowhere: the log is what does not work
    }
}

}  // namespace wabot::log
