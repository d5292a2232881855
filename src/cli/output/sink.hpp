#pragma once

#include <string>
#include <string_view>

namespace wabot::cli {

/// Where bytes go: a descriptor, or a string in tests.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(std::string_view text) = 0;
    virtual void flush() = 0;
    /// Forgets what was written and not yet flushed.
    virtual void discard() {}
};

/// Buffered. A write that fails is CommandExit{failed, "writing <name>: <reason>"}, a closed pipe CommandExit{broken_pipe} without words.
class FileSink final : public Sink {
public:
    FileSink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
    void write(std::string_view text) override;
    void flush() override;  // while it is not read, SIGINT and SIGTERM end the process, also when the thread holds them back
    void discard() override { buffer_.clear(); }

private:
    int descriptor_;
    std::string name_;
    std::string buffer_;
};

class StringSink final : public Sink {
public:
    std::string text;
    void write(std::string_view more) override { text += more; }
    void flush() override {}
};

}  // namespace wabot::cli
