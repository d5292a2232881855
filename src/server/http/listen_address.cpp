#include "server/http/listen_address.hpp"

#include <charconv>

#include "core/base/error.hpp"

namespace wabot {

ListenAddress read_listen_address(std::string_view text) {
    const Error refusal(Errc::invalid, "\"" + std::string(text.substr(0, 64)) + "\" is not an address to listen on",
                        "give a port or host:port, such as 8000, 0.0.0.0:8000 or [::1]:8000");
    const std::size_t colon = text.rfind(':');
    const std::string_view number = colon == text.npos ? text : text.substr(colon + 1);
    std::string_view host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    const bool has_colon = host.find(':') != host.npos;
    if (host.empty() || has_colon != is_bracketed || host.find_first_of("[]/ *") != host.npos) throw refusal;

    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (number.empty() || failure != std::errc() || end != number.data() + number.size()) throw refusal;
    return {std::string(host), port};
}

std::string to_text(const ListenAddress& address) {
    const bool is_v6 = address.host.find(':') != address.host.npos;
    return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace wabot
