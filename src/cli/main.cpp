#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <csignal>
#include <string>
#include <vector>

#include "cli/run.hpp"

namespace {

/// A closed stdin, stdout or stderr must not become the next file that is opened, such as the store.
void occupy_standard_descriptors() {
    while (true) {
        const int descriptor = open("/dev/null", O_RDONLY);
        if (descriptor > STDERR_FILENO) close(descriptor);
        if (descriptor < 0 || descriptor > STDERR_FILENO) return;
    }
}

/// Keys and tokens must not lie about in a file when the process dies, nor be read out of it by others of the same user. A limit would not do: where
/// cores go to a program it does not count, and a unit's filter of system calls may forbid to set it.
void leave_no_core() {
#ifndef __SANITIZE_ADDRESS__  // whose search for leaks attaches to the process
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace

int main(int argc, char** argv) {
    using namespace wabot::cli;
    leave_no_core();
    occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_DFL);  // some parents leave it ignored
    FileSink data(STDOUT_FILENO, "standard output"), talk(STDERR_FILENO, "standard error");
    const std::vector<std::string> line(argv + (argc > 0 ? 1 : 0), argv + argc);
    return run(line, read_environment(environ), data, talk);
}
