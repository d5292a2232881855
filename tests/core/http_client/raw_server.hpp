#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wabot {

/// A server made of bare sockets, for what no HTTP library would do: it answers each complete request with whatever bytes it is told, and
/// keeps a ledger of them. One thread per connection; gone when the object is.
class RawServer {
public:
    struct Reply {
        std::string bytes;
        bool then_close = false;
    };
    /// Called with a whole request (head and body) and its place on its connection, from 0. May block; `stopping()` ends with the server.
    using Answer = std::function<Reply(const std::string& request, int nth)>;

    explicit RawServer(Answer answer);
    /// Answers a head whose body has not come with these bytes, and closes.
    explicit RawServer(std::string answer_to_head);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    std::string url(const std::string& path = "/") const;
    /// Every complete request so far.
    std::vector<std::string> ledger() const;
    int connections() const { return connections_; }
    void wait_until_answered() const { answered_.wait(0); }
    int most_at_once() const { return most_at_once_; }
    /// Blocks until the server goes: for an answer that never comes.
    void wait_for_the_end();

private:
    RawServer(Answer answer, std::string answer_to_head);
    void accept_all();
    void serve(int socket);

    const Answer answer_;
    const std::string answer_to_head_;
    int port_ = 0;
    int listener_ = -1;
    std::atomic<int> connections_ = 0, at_once_ = 0, most_at_once_ = 0, answered_ = 0;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> ledger_;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// A well-formed answer.
std::string http_answer(int status, const std::string& body, const std::string& more_headers = "");

/// A port of this machine that nobody listens on.
std::string refusing_url();

}  // namespace wabot
