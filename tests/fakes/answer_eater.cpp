#include "tests/fakes/answer_eater.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>

namespace wabot::test {

namespace {

constexpr std::string_view socket_name = ".s.PGSQL.5432";
constexpr std::string_view commit("COMMIT", 7);  // as the protocol has it, with its end

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) throw std::runtime_error("a socket's path is too long");
    path.native().copy(address.sun_path, path.native().size());
    return address;
}

int unix_socket() {
    const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) throw std::runtime_error("no socket");
    return made;
}

bool write_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

AnswerEater::AnswerEater(std::filesystem::path folder, std::filesystem::path server_folder)
    : server_(std::move(server_folder) / socket_name), listener_(unix_socket()) {
    const sockaddr_un address = address_of(folder / socket_name);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
        throw std::runtime_error("cannot listen in " + folder.string());
    acceptor_ = std::thread([this] { accept_all(); });
}

AnswerEater::~AnswerEater() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
}

void AnswerEater::accept_all() {
    std::vector<std::thread> passing;
    for (int client = ::accept(listener_, nullptr, nullptr); client >= 0; client = ::accept(listener_, nullptr, nullptr))
        passing.emplace_back([this, client] { exit_by_signal(client); });
    for (auto& thread : passing) thread.join();
}

void AnswerEater::exit_by_signal(int client) {
    const int server = unix_socket();
    const sockaddr_un address = address_of(server_);
    bool goes_on = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    bool eats = false;
    while (goes_on) {
        pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (::poll(ends, 2, 30'000) <= 0) break;
        char bytes[65536];
        for (const bool from_client : {true, false}) {
            if (!goes_on || ends[from_client ? 0 : 1].revents == 0) continue;
            const auto got = ::recv(from_client ? client : server, bytes, sizeof bytes, 0);
            goes_on = got > 0;
            if (!goes_on) break;
            const std::string_view part(bytes, static_cast<std::size_t>(got));
            if (from_client && part.find(commit) != std::string_view::npos && is_hungry_.exchange(false)) eats = true;
            if (!from_client && eats) {
                has_eaten_ = true;
                goes_on = false;
                break;
            }
            goes_on = write_all(from_client ? server : client, part);
        }
    }
    ::close(server);
    ::close(client);
}

}  // namespace wabot::test
