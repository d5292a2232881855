#pragma once

#include <sys/socket.h>

#include <string>

namespace wabot {

/// Whether an address of IPv4 or IPv6 is one of the public Internet: not of this machine, of a private or a carrier's network, of the link (where the
/// clouds' metadata services are), for documentation, multicast or reserved. An IPv6 address that stands for one of IPv4 is as that one is.
bool is_public(const sockaddr& address);
/// The same of its text; false for what is no address.
bool is_public(const std::string& address);

}  // namespace wabot
