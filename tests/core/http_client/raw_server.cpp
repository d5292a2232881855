#include "tests/core/http_client/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace wabot {

namespace {

int bind_anywhere(int& port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0) throw std::runtime_error("cannot bind");
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    return listener;
}

std::size_t content_length(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

RawServer::RawServer(Answer answer) : RawServer(std::move(answer), {}) {}
RawServer::RawServer(std::string answer_to_head) : RawServer({}, std::move(answer_to_head)) {}

RawServer::RawServer(Answer answer, std::string answer_to_head)
    : answer_(std::move(answer)), answer_to_head_(std::move(answer_to_head)), listener_(bind_anywhere(port_)) {
    if (listen(listener_, 128) != 0) throw std::runtime_error("cannot listen");
    acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
    stopping_ = true;
    stopping_.notify_all();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int socket : sockets_) close(socket);
    close(listener_);
}

std::string RawServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> RawServer::ledger() const {
    const std::lock_guard lock(mutex_);
    return ledger_;
}

void RawServer::wait_for_the_end() {
    stopping_.wait(false);
}

void RawServer::accept_all() {
    while (true) {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        ++connections_;
        const std::lock_guard lock(mutex_);
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void RawServer::serve(int socket) {
    std::string received;
    for (int nth = 0; true; ++nth) {
        std::size_t whole = std::string::npos;
        while (true) {
            const std::size_t head = received.find("\r\n\r\n");
            if (head != std::string::npos) whole = head + 4 + content_length(received.substr(0, head));
            if (whole != std::string::npos && received.size() >= whole) break;
            char buffer[16384];
            const ssize_t count = recv(socket, buffer, sizeof buffer, 0);
            if (count <= 0) return;
            received.append(buffer, static_cast<std::size_t>(count));
            if (!answer_to_head_.empty()) {
                send(socket, answer_to_head_.data(), answer_to_head_.size(), MSG_NOSIGNAL);
                shutdown(socket, SHUT_RDWR);
                ++answered_;
                answered_.notify_all();
                return;
            }
        }
        const std::string request = received.substr(0, whole);
        received.erase(0, whole);
        const int now = ++at_once_;
        for (int most = most_at_once_; most < now && !most_at_once_.compare_exchange_weak(most, now);) continue;
        {
            const std::lock_guard lock(mutex_);
            ledger_.push_back(request);
        }
        const Reply reply = answer_(request, nth);
        --at_once_;
        send(socket, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
        if (reply.then_close) {
            shutdown(socket, SHUT_RDWR);
            return;
        }
    }
}

std::string http_answer(int status, const std::string& body, const std::string& more_headers) {
    return "HTTP/1.1 " + std::to_string(status) + " Word\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + body;
}

std::string refusing_url() {
    int port = 0;
    close(bind_anywhere(port));
    return "http://127.0.0.1:" + std::to_string(port) + "/";
}

}  // namespace wabot
