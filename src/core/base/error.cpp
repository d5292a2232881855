#include "core/base/error.hpp"

namespace wabot {

std::string_view to_word(Errc code) {
    switch (code) {
        case Errc::bad_request: return "bad_request";
        case Errc::invalid: return "invalid";
        case Errc::unauthenticated: return "unauthenticated";
        case Errc::denied: return "denied";
        case Errc::not_found: return "not_found";
        case Errc::conflict: return "conflict";
        case Errc::stale: return "stale";
        case Errc::too_large: return "too_large";
        case Errc::rate_limited: return "rate_limited";
        case Errc::unavailable: return "unavailable";
        case Errc::timeout: return "timeout";
        case Errc::rejected: return "rejected";
        case Errc::uncertain: return "uncertain";
        case Errc::bug: return "bug";
    }
    return "bug";
}

}  // namespace wabot
