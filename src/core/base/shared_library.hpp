#pragma once

#include <string>
#include <type_traits>

namespace wabot {

/// A library of the system's that is loaded when it is first needed: some bring so many others along that their start-up is more than that of the
/// command. Never unloaded. Any thread.
class SharedLibrary {
public:
    /// Error{unavailable} with `package` as the way out when `file` is not there.
    SharedLibrary(const char* file, const char* package);

    /// The function of that name. Error{unavailable} when the library is another than it should be.
    template <class Function>
    Function* find(const char* name) const {
        static_assert(std::is_function_v<Function>);
        return reinterpret_cast<Function*>(address_of(name));
    }

private:
    void* address_of(const char* name) const;
    [[noreturn]] void fail() const;

    std::string file_;
    std::string package_;
    void* handle_;
};

}  // namespace wabot

/// Defines what a C header of `library` declares: found in the library when it is first called. A difference does not compile.
#define WABOT_FORWARD(library, Result, name, parameters, arguments)      \
    extern "C" Result name parameters {                                  \
        static auto* const real = (library).find<decltype(name)>(#name); \
        return real arguments;                                           \
    }
