#include "server/http/client_address.hpp"

#include <algorithm>
#include <vector>

namespace wabot {

namespace {

std::string_view without_padding(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `visit` with each part of a list, padding left out.
template <class Visit>
void for_each_part(std::string_view list, char mark, const Visit& visit) {
    for (;;) {
        const std::size_t end = list.find(mark);
        visit(without_padding(list.substr(0, end)));
        if (end == list.npos) return;
        list.remove_prefix(end + 1);
    }
}

/// The address of "192.0.2.7:80", "[2001:db8::1]:80" or either alone; empty for "unknown", "_name" and whatever else is none.
std::string read_node(std::string_view node) {
    if (node.size() > 1 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
    if (node.starts_with('['))
        node = node.substr(1, node.find(']') - 1);
    else if (node.find(':') == node.rfind(':'))
        node = node.substr(0, node.find(':'));
    return plain_address(node).value_or("");
}

/// The node that an element of Forwarded is for (RFC 7239 section 4).
std::string_view forwarded_for(std::string_view element) {
    std::string_view node;
    for_each_part(element, ';', [&](std::string_view pair) {
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && same_word(pair.substr(0, equals), "for")) node = pair.substr(equals + 1);
    });
    return node;
}

/// Who handed the request on, the last one last.
std::vector<std::string_view> hops(const Request& request) {
    std::vector<std::string_view> out;
    const bool has_common_form = request.header("X-Forwarded-For").has_value();
    for (const auto& [name, value] : request.headers) {
        if (has_common_form && same_word(name, "X-Forwarded-For")) for_each_part(value, ',', [&](std::string_view part) { out.push_back(part); });
        if (!has_common_form && same_word(name, "Forwarded"))
            for_each_part(value, ',', [&](std::string_view part) { out.push_back(forwarded_for(part)); });
    }
    return out;
}

}  // namespace

std::string forwarded_client(const Request& request, const AddressRanges& trusted_proxies) {
    if (!trusted_proxies.contains(request.peer)) return {};
    const std::vector<std::string_view> passed = hops(request);
    std::string client;
    for (auto hop = passed.rbegin(); hop != passed.rend(); ++hop) {
        std::string address = read_node(*hop);
        if (address.empty()) break;  // the addresses before it are not vouched for
        client = std::move(address);
        if (!trusted_proxies.contains(client)) break;
    }
    return client;
}

bool came_through_proxy(const Request& request) {
    // RFC 7239, RFC 9110 section 7.6.3 (Via), and what nginx, Apache, HAProxy, Caddy and Traefik add.
    constexpr std::string_view headers[] = {"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"};
    return std::ranges::any_of(headers, [&](std::string_view name) { return request.header_count(name) > 0; });
}

bool is_from_this_machine(const Request& request) {
    return request.is_loopback && !came_through_proxy(request);
}

}  // namespace wabot
