// Gives every file of the corpus to its target: replay CORPUS CPU_MS_MAX
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/targets.hpp"

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    int findings = 0;
    for (const auto& target : wabot::fuzz::all) {
        int inputs = 0;
        for (const auto& entry : fs::directory_iterator(fs::path(argv[1]) / target.name)) {
            ++inputs;
            const std::string input = text_of(entry.path());
            auto found = wabot::fuzz::finding(target, input, std::atof(argv[2]));
            if (found) found = wabot::fuzz::finding(target, input, std::atof(argv[2]));  // the first may have loaded a library
            if (!found) continue;
            ++findings;
            fmt::print(stderr, "{}: {}\n", entry.path().string(), *found);
        }
        fmt::print("{} {}\n", target.name, inputs);
        if (inputs == 0) ++findings;
    }
    return findings == 0 ? 0 : 1;
}
