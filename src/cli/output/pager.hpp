#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "cli/output/screen.hpp"
#include "cli/output/sink.hpp"

namespace wabot::cli {

/// Which program shows what is longer than a screen: WABOT_PAGER, PAGER, else less when it is there; empty for none, and for "cat".
std::string pager_of(const Lookup& environment);

/// Shows what is longer than the screen through a program that can turn its pages; what is shorter, and what comes bit by bit, is written as it is.
/// What is said meanwhile waits until that program has ended. One that cannot be started is done without.
class Pager {
public:
    /// `program` is a line for the shell; none when it is empty.
    Pager(std::string program, const Screen& screen, Sink& data, Sink& talk);
    /// Waits until the pager ends.
    ~Pager();
    Pager(const Pager&) = delete;

    /// Another program than the one that was to be, as long as it was not needed.
    void use(std::string program) { program_ = std::move(program); }

    Sink& data();
    Sink& talk();

private:
    class Data;
    class Talk;
    enum class State { waits, runs, is_left, is_away };  // is_left: by its reader; is_away: there is none, or no more

    void write(std::string_view text);
    void flush();
    void start();
    void write_to_program(std::string_view text);
    void end();
    void say(std::string_view text);

    std::string program_;
    const Screen screen_;
    Sink& to_data_;
    Sink& to_talk_;
    std::unique_ptr<Sink> data_, talk_;
    State state_ = State::waits;
    std::string held_;  // not shown yet; while the program runs, the beginning of what it was given
    std::string said_;
    std::size_t lines_ = 0;
    pid_t child_ = -1;
    int pipe_ = -1;
};

}  // namespace wabot::cli
