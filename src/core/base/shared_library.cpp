#include "core/base/shared_library.hpp"

#include <dlfcn.h>

#include "core/base/error.hpp"

namespace wabot {

SharedLibrary::SharedLibrary(const char* file, const char* package) : file_(file), package_(package), handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) fail();
}

void* SharedLibrary::address_of(const char* name) const {
    void* const address = dlsym(handle_, name);
    if (address == nullptr) fail();
    return address;
}

void SharedLibrary::fail() const {
    const char* const why = dlerror();
    throw Error(Errc::unavailable, "cannot load " + file_ + ": " + (why == nullptr ? "no reason given" : why), "install " + package_);
}

}  // namespace wabot
