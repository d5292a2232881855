#pragma once

#include <cstddef>
#include <string>

namespace wabot {

/// Unpredictable bytes. Safe to call from any thread.
class Random {
public:
    virtual ~Random() = default;
    /// `count` random bytes, fit for keys and nonces.
    virtual std::string bytes(std::size_t count) = 0;
    /// `length` characters of [a-z0-9], for keys and tokens that people see.
    std::string word(std::size_t length);
    /// Uniform in [0, 1), for jitter.
    double fraction();
};

}  // namespace wabot
