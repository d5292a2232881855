#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace wabot {

/// SHA-256 of what comes piece by piece; `sha256` in vault.hpp takes what is there at once.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    void update(std::string_view bytes);
    /// 64 hexadecimal digits. Once, after the last piece.
    std::string hex();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace wabot
