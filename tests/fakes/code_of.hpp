#pragma once

#include "core/base/error.hpp"

namespace wabot::test {

/// The code of the Error that `work` throws; `bug` when it throws none.
template <class Work>
Errc code_of(Work work) {
    try {
        work();
    } catch (const Error& failure) {
        return failure.code();
    }
    return Errc::bug;
}

}  // namespace wabot::test
