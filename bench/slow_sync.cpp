// Preloaded into a process under test: every sync takes BENCH_SYNC_US microseconds longer, as on a slower disk.
#include <dlfcn.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

int later(const char* name, int file) {
    const char* const us = std::getenv("BENCH_SYNC_US");
    std::this_thread::sleep_for(std::chrono::microseconds(us == nullptr ? 0 : std::atol(us)));
    return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(file);
}

}  // namespace

extern "C" int fdatasync(int file) {
    return later("fdatasync", file);
}

extern "C" int fsync(int file) {
    return later("fsync", file);
}
