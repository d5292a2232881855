#pragma once

#include <optional>
#include <string>

namespace wabot {

/// A URL as the HTTP client reads it: a check of these parts is a check of the address that is connected to.
struct Url {
    std::string text;    // whole, absolute
    std::string scheme;  // in lower case, as the host
    std::string host;    // IPv6 in brackets; empty for "file:"
    std::string port;    // the scheme's own where none is given; empty where it has none
    bool has_user = false;

    /// The same scheme, host and port.
    bool is_of_origin(const Url& other) const { return scheme == other.scheme && host == other.host && port == other.port; }
};

/// nullopt for what is no URL. A relative one, as in a redirect, starts at `base`. Error{unavailable} when the HTTP library is missing.
std::optional<Url> read_url(const std::string& text, const Url* base = nullptr);

}  // namespace wabot
