#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace wabot::test {

/// Stands between PostgreSQL's clients and its socket in `folder` and passes everything on. Once `eat` was called, the next COMMIT reaches the server
/// and its answer is lost with the connection.
class AnswerEater {
public:
    AnswerEater(std::filesystem::path folder, std::filesystem::path server_folder);
    ~AnswerEater();

    void eat() { is_hungry_ = true; }
    bool has_eaten() const { return has_eaten_; }

private:
    void accept_all();
    void exit_by_signal(int client);

    const std::filesystem::path server_;
    int listener_;
    std::atomic<bool> is_hungry_{false};
    std::atomic<bool> has_eaten_{false};
    std::thread acceptor_;
};

}  // namespace wabot::test
