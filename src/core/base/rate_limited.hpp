#pragma once

#include <chrono>

#include "core/base/error.hpp"

namespace wabot {

/// Error{rate_limited}, with the time after which another try is worth it.
class RateLimited : public Error {
public:
    RateLimited(const std::string& message, std::chrono::seconds retry_after, std::string hint = {})
        : Error(Errc::rate_limited, message, std::move(hint)), retry_after_(retry_after) {}

    std::chrono::seconds retry_after() const { return retry_after_; }

private:
    std::chrono::seconds retry_after_;
};

}  // namespace wabot
