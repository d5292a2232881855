#include "core/base/error.hpp"
#include "server/http/body_reader.hpp"
#include "server/http/request_target.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

constexpr std::size_t request_body_max = 4096;

/// A connection whose reads give so many bytes each.
struct Peer {
    std::string_view rest;
    std::size_t step;
    std::string in;

    bool read_some() {
        if (rest.empty()) return false;
        in += rest.substr(0, step);
        rest.remove_prefix(std::min(step, rest.size()));
        return true;
    }
};

/// As Connection does, up to the answer; whether another request may follow.
bool read_request(Peer& peer) {
    const HttpLimits limits;
    HeadScanner scanner(limits);
    std::string head, body;
    while (head.empty()) {
        if (peer.in.starts_with("\r\n")) peer.in.erase(0, 2);
        const auto outcome = scanner.look(peer.in);
        if (outcome.refusal) return false;
        head = peer.in.substr(0, outcome.length);
        peer.in.erase(0, outcome.length);
        if (head.empty() && !peer.read_some()) return false;
    }
    require(head.size() <= limits.head_max, "a head has a limit");

    Request request;
    BodyReader reader(request, body);
    if (reader.read_head(head) || check_framing(request, reader.is_http_1_1())) return false;
    require(request.headers.size() <= limits.headers_max && request.target.size() <= limits.request_line_max, "its parts have limits");
    if (const auto verb = to_verb(request.method)) require(to_word(*verb) == request.method, "a verb is the method");
    RequestTarget target = read_target(request.target);
    request.query = std::move(target.query);
    request.path_parameters.emplace_back("first", target.segments.front());
    require(request.path("first") == target.segments.front(), "a parameter is found");
    for (const auto& [name, value] : request.query) {
        try {
            request.parameter(name);
        } catch (const Error&) {
        }
    }
    if (reader.expect_body(request_body_max)) return false;
    while (!reader.is_done()) {
        if (peer.in.empty() && !peer.read_some()) return false;
        const std::size_t before = peer.in.size();
        if (reader.read_body(peer.in)) return false;
        if (peer.in.size() == before && !reader.is_done() && !peer.read_some()) return false;
    }
    require(body.size() <= request_body_max, "a body has a limit");
    return reader.keep_alive();
}

}  // namespace

/// The first byte says how many bytes one read gives.
void http_request(std::string_view input) {
    if (input.empty()) return;
    const auto step = static_cast<std::size_t>(static_cast<unsigned char>(input.front())) * 4 + 1;
    Peer peer{input.substr(1), step, {}};
    while (read_request(peer)) {
    }
}

}  // namespace wabot::fuzz
