#include "cli/service/notify_socket.hpp"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "core/base/log.hpp"

namespace wabot::cli {

namespace {

std::string_view value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string_view{} : std::string_view(found->second);
}

/// 0 for anything that is no number.
std::int64_t number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc{} && end == text.data() + text.size() ? number : 0;
}

std::chrono::microseconds watchdog_of(const Environment& environment) {
    const std::string_view pid = value_of(environment, "WATCHDOG_PID");
    if (!pid.empty() && number_of(pid) != ::getpid()) return {};
    return std::chrono::microseconds(std::max<std::int64_t>(number_of(value_of(environment, "WATCHDOG_USEC")), 0));
}

}  // namespace

NotifySocket::NotifySocket(const Environment& environment) {
    const std::string_view path = value_of(environment, "NOTIFY_SOCKET");
    if (path.empty()) return;
    if ((path[0] != '/' && path[0] != '@') || path.size() < 2 || path.size() >= sizeof address_.sun_path) {
        log::warning("NOTIFY_SOCKET is not a socket path", {{"path", path}});
        return;
    }
    address_.sun_family = AF_UNIX;
    path.copy(address_.sun_path, path.size());
    if (path[0] == '@') address_.sun_path[0] = '\0';  // of the abstract namespace
    address_length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    watchdog_ = watchdog_of(environment);
}

NotifySocket::~NotifySocket() {
    if (is_open()) ::close(descriptor_);
}

void NotifySocket::send(std::string_view lines) const noexcept {
    if (!is_open()) return;
    const auto* const address = reinterpret_cast<const sockaddr*>(&address_);
    if (::sendto(descriptor_, lines.data(), lines.size(), MSG_NOSIGNAL, address, address_length_) < 0)
        log::warning("systemd notify socket unreachable", {{"error", std::strerror(errno)}});
}

}  // namespace wabot::cli
