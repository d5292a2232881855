#include "cli/output/sink.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

namespace {

/// A command that asks for its signals holds them back (`Interrupt`). While its output is not read it does not look for signals, so here signals do
/// what they do to any program; with room for the text a signal goes on waiting until it is asked for. Returns how much may be written without
/// blocking.
std::size_t room_for(std::size_t size, int descriptor) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    if (sigismember(&mask, SIGINT) == 0 && sigismember(&mask, SIGTERM) == 0) return size;
    sigdelset(&mask, SIGINT);
    sigdelset(&mask, SIGTERM);
    pollfd waited{.fd = descriptor, .events = POLLOUT, .revents = 0};
    while (ppoll(&waited, 1, nullptr, &mask) < 0 && errno == EINTR) continue;
    return std::min<std::size_t>(size, PIPE_BUF);  // for so much a pipe that takes anything has room
}

}  // namespace

void FileSink::write(std::string_view text) {
    constexpr std::size_t buffer_max = 64 * 1024;
    buffer_ += text;
    if (buffer_.size() >= buffer_max) flush();
}

void FileSink::flush() {
    // Taken out first: after a failure nothing may be written a second time on the way out.
    const std::string pending = std::exchange(buffer_, {});
    std::string_view rest = pending;
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor_, rest.data(), room_for(rest.size(), descriptor_));
        if (written >= 0)
            rest.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EPIPE)
            throw CommandExit(Exit::broken_pipe);
        else if (errno != EINTR)
            throw CommandExit(Exit::failed, fmt::format("writing {}: {}", name_, std::generic_category().message(errno)));
    }
}

}  // namespace wabot::cli
