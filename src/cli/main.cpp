#include <fcntl.h>
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

}  // namespace

int main(int argc, char** argv) {
    using namespace wabot::cli;
    occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_DFL);  // some parents leave it ignored
    FileSink data(STDOUT_FILENO, "standard output"), talk(STDERR_FILENO, "standard error");
    const std::vector<std::string> line(argv + (argc > 0 ? 1 : 0), argv + argc);
    return run(line, read_environment(environ), data, talk);
}
