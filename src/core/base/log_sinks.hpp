#pragma once

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <filesystem>
#include <memory>
#include <mutex>

/// Where log lines go. Included by log.cpp alone.
namespace wabot::log {

/// Standard error of a service, which must not wait for the reader of its log, nor end with it. A line that is not taken within 100 ms is dropped,
/// and so are those after it until the reader goes on; then a line tells how many were lost.
class ServiceStderr final : public spdlog::sinks::base_sink<std::mutex> {
protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

private:
    bool write(std::string_view line);

    std::size_t lost_ = 0;
    bool is_stalled_ = false;
};

/// A file of the log folder, which can be opened anew after another program has moved it away.
class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
public:
    /// Error{invalid} when it cannot be opened.
    explicit LogFile(std::filesystem::path path);
    /// The old file stays in use when the new one cannot be opened.
    void reopen();

protected:
    void sink_it_(const spdlog::details::log_msg& message) override { file_->log(message); }
    void flush_() override { file_->flush(); }

private:
    std::filesystem::path path_;
    std::unique_ptr<spdlog::sinks::rotating_file_sink_st> file_;
};

}  // namespace wabot::log
