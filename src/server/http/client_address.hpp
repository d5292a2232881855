#pragma once

#include <string>

#include "core/base/ip_ranges.hpp"
#include "server/http/request.hpp"

namespace wabot {

/// The address of the client of `request`, when its peer is a trusted proxy that forwards for another: of the addresses in X-Forwarded-For (or
/// Forwarded, when there is none of the former) the last that is no trusted proxy itself. Empty when the peer speaks for itself, or is not to be
/// believed.
std::string forwarded_client(const Request& request, const AddressRanges& trusted_proxies);

/// Whether a proxy passed `request` on, as its headers say: behind a proxy on this machine every client seems to be on this machine.
bool came_through_proxy(const Request& request);
/// Whether the client itself is on this machine.
bool is_from_this_machine(const Request& request);

}  // namespace wabot
