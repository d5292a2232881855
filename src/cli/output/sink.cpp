#include "cli/output/sink.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cli/errors.hpp"

namespace wabot::cli {

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
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written >= 0)
            rest.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EPIPE)
            throw Ending(Exit::broken_pipe);
        else if (errno != EINTR)
            throw Ending(Exit::failed, fmt::format("writing {}: {}", name_, std::generic_category().message(errno)));
    }
}

}  // namespace wabot::cli
