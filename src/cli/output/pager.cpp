#include "cli/output/pager.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "cli/output/display.hpp"
#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

namespace {

/// More than a pipe takes before its reader has ended: what a program that could not be started was given is all here.
constexpr std::size_t kept_max = 256 * 1024;

bool is_installed(std::string_view name, const std::string& path) {
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        if (end > 0 && ::access((std::string(rest.substr(0, end)) + "/" + std::string(name)).c_str(), X_OK) == 0) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

std::size_t lines_of(std::string_view text, std::size_t width) {
    std::size_t lines = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        const std::size_t cells = cells_of(text.substr(0, end));
        lines += std::max<std::size_t>(1, (cells + width - 1) / width);
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace

std::string pager_of(const Lookup& environment) {
    for (const char* name : {"WABOT_PAGER", "PAGER"})
        if (auto program = environment(name)) return *program == "cat" ? std::string() : std::move(*program);
    return is_installed("less", environment("PATH").value_or("")) ? "less -FIRX" : "";
}

class Pager::Data final : public Sink {
public:
    explicit Data(Pager& pager) : pager_(pager) {}
    void write(std::string_view text) override { pager_.write(text); }
    void flush() override { pager_.flush(); }
    void discard() override { pager_.held_.clear(); }

private:
    Pager& pager_;
};

class Pager::Talk final : public Sink {
public:
    explicit Talk(Pager& pager) : pager_(pager) {}
    void write(std::string_view text) override { pager_.say(text); }
    void flush() override {
        if (pager_.said_.empty()) pager_.to_talk_.flush();
    }

private:
    Pager& pager_;
};

Pager::Pager(std::string program, const Screen& screen, Sink& data, Sink& talk)
    : program_(std::move(program)),
      screen_(screen),
      to_data_(data),
      to_talk_(talk),
      data_(std::make_unique<Data>(*this)),
      talk_(std::make_unique<Talk>(*this)) {}

Pager::~Pager() {
    try {
        if (state_ == State::runs) end();
        to_data_.write(held_);
        to_talk_.write(said_);
    } catch (...) {
        // The terminal is gone.
    }
}

Sink& Pager::data() {
    return *data_;
}

Sink& Pager::talk() {
    return *talk_;
}

void Pager::write(std::string_view text) {
    switch (state_) {
        case State::is_away: return to_data_.write(text);
        case State::is_left: return;
        case State::runs: return write_to_program(text);
        case State::waits: break;
    }
    held_ += text;
    lines_ += lines_of(text, screen_.width);
    if (lines_ >= screen_.height) start();
}

void Pager::flush() {
    if (state_ == State::waits && !held_.empty()) {
        to_data_.write(std::exchange(held_, {}));
        state_ = State::is_away;
    }
    if (state_ == State::is_away) to_data_.flush();
}

void Pager::say(std::string_view text) {
    if (state_ == State::runs)
        said_ += text;
    else
        to_talk_.write(text);
}

void Pager::start() {
    state_ = State::is_away;
    to_data_.flush();
    to_talk_.flush();
    int ends[2];
    if (!program_.empty() && ::pipe2(ends, O_CLOEXEC) == 0) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
        std::string shell = "sh", command = "-c", line = program_;
        char* const words[] = {shell.data(), command.data(), line.data(), nullptr};
        if (::posix_spawn(&child_, "/bin/sh", &actions, nullptr, words, environ) == 0) {
            std::signal(SIGPIPE, SIG_IGN);  // the reader ends the pager, which must not end us
            state_ = State::runs;
            pipe_ = ends[1];
        } else {
            ::close(ends[1]);
        }
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[0]);
    }
    const std::string text = std::exchange(held_, {});
    write(text);
}

void Pager::write_to_program(std::string_view text) {
    if (held_.size() < kept_max) held_ += text;
    while (!text.empty()) {
        const ssize_t written = ::write(pipe_, text.data(), text.size());
        if (written >= 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            break;
    }
    if (!text.empty()) end();
}

/// Once it has ended: by its reader, after the last page, or because it could not be started, when all is written as it is.
void Pager::end() {
    ::close(pipe_);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) continue;
    constexpr int not_executable = 126, not_found = 127;
    const bool was_started = !WIFEXITED(status) || (WEXITSTATUS(status) != not_executable && WEXITSTATUS(status) != not_found);
    std::signal(SIGPIPE, SIG_DFL);
    state_ = was_started ? State::is_left : State::is_away;
    const std::string text = std::exchange(held_, {});
    if (!was_started) to_data_.write(text);
    to_talk_.write(std::exchange(said_, {}));
}

}  // namespace wabot::cli
