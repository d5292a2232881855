#pragma once

#include <string>

#include "core/base/ip_ranges.hpp"
#include "server/http/request.hpp"

namespace wabot {

/// The address of whoever `request` comes from, when its peer is a trusted proxy that speaks for somebody: of what X-Forwarded-For names (or
/// Forwarded, when there is none of the former) the last that is no trusted proxy itself. Empty when the peer speaks for itself, or is not to be
/// believed.
std::string forwarded_client(const Request& request, const AddressRanges& trusted_proxies);

}  // namespace wabot
