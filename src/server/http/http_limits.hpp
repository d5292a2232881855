#pragma once

#include <chrono>
#include <cstddef>

#include "core/base/ip_ranges.hpp"

namespace wabot {

/// What one peer may ask of the listener. Body limits stand in the routes.
struct HttpLimits {
    std::size_t request_line_max = 8 * 1024;  // bytes
    std::size_t head_max = 32 * 1024;         // bytes, request line included
    std::size_t headers_max = 100;
    std::size_t connections_max = 10'000;
    std::size_t peer_connections_max = 256;     // of one address
    AddressRanges trusted_proxies = {};         // exempt from limits by address, as loopback is, and believed about whom they speak for
    std::size_t body_free = 2 * 1024;           // bytes of a body for which there always is room: nearly all webhooks are smaller
    std::size_t bodies_max = 32 * 1024 * 1024;  // bytes beyond those, of all bodies that are here and not answered yet

    std::chrono::milliseconds head_timeout{10'000};   // from the first byte (or from accepting) to the end of the head
    std::chrono::milliseconds body_timeout{30'000};   // for the whole body,
    std::chrono::milliseconds body_grace{5'000};      // and no more than this and what its bytes take
    std::size_t body_rate_min = 1024;                 // at so many a second
    std::chrono::milliseconds idle_timeout{60'000};   // between two requests
    std::chrono::milliseconds write_timeout{20'000};  // without progress
    std::chrono::milliseconds sweep_interval{500};    // how late a passed deadline may be noticed
};

}  // namespace wabot
