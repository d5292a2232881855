#include "server/http/framing.hpp"

#include "tests/catch.hpp"

using namespace wabot;

namespace {

/// The status a head is refused with, 0 when it is not, asked after every byte as a slow client sends them.
int status_of_head(const std::string& bytes) {
    const HttpLimits limits;
    HeadScanner scanner(limits);
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const auto outcome = scanner.look(std::string_view(bytes).substr(0, size));
        if (outcome.refusal) return outcome.refusal->status;
        if (outcome.length > 0) return 0;
    }
    return -1;  // not at its end
}

int status_of_headers(std::vector<std::pair<std::string_view, std::string_view>> headers, bool is_http_1_1 = true) {
    Request request;
    request.headers = std::move(headers);
    const auto refusal = check_framing(request, is_http_1_1);
    return refusal ? refusal->status : 0;
}

}  // namespace

TEST_CASE("the end of a head is found however it arrives") {
    CHECK(status_of_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
    CHECK(status_of_head("GET / HTTP/1.1\r\nHost: a\r\n") == -1);
    const HttpLimits limits;
    HeadScanner scanner(limits);
    CHECK(scanner.look("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\n").length == 27);
}

TEST_CASE("a head that readers might take apart differently is refused") {
    const auto [head, status] = GENERATE(table<std::string, int>({
        {"\x16\x03\x01", 400},
        {"GET /\r\n", 400},
        {"GET / HTTP/9.9\r\n", 505},
        {"PRI * HTTP/2.0\r\n", 505},
        {"GET / HTTP/11\r\n", 400},
        {"GET  / HTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nTransfer-Encoding:\tchunked\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\ncontent-length: 5\t\r\n\r\n", 400},
        {std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 26), 400},
    }));
    CAPTURE(head);
    CHECK(status_of_head(head) == status);
}

TEST_CASE("heads beyond the limits are refused, those at them are not") {
    const auto with_headers = [](int count) {
        std::string head = "GET / HTTP/1.1\r\n";
        for (int i = 0; i < count; ++i) head += "A: b\r\n";
        return head + "\r\n";
    };
    CHECK(status_of_head(with_headers(100)) == 0);
    CHECK(status_of_head(with_headers(101)) == 431);
    CHECK(status_of_head("GET / HTTP/1.1\r\nA: " + std::string(40 * 1024, 'x')) == 431);
    CHECK(status_of_head("GET / HTTP/1.1\r\nA: " + std::string(32 * 1024 - 23, 'x') + "\r\n\r\n") == 0);
    CHECK(status_of_head("GET / HTTP/1.1\r\nA: " + std::string(32 * 1024 - 22, 'x') + "\r\n\r\n") == 431);
    CHECK(status_of_head("GET /" + std::string(8 * 1024 - 14, 'x') + " HTTP/1.1\r\n\r\n") == 0);
    CHECK(status_of_head("GET /" + std::string(10 * 1024, 'x')) == 414);
}

TEST_CASE("headers that leave the end of the message open are refused") {
    CHECK(status_of_headers({{"Host", "a"}}) == 0);
    CHECK(status_of_headers({}) == 400);
    CHECK(status_of_headers({}, false) == 0);
    CHECK(status_of_headers({{"Host", "a"}, {"host", "a"}}) == 400);
    CHECK(status_of_headers({{"Host", "a b"}}) == 400);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Length", "5"}}) == 0);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}}) == 400);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}) == 400);
    const std::string length = GENERATE(as<std::string>{}, "+5", "-1", "0x5", "5, 5", "", "18446744073709551616", "99999999999999999999999");
    CAPTURE(length);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Length", length}}) == 400);
}

TEST_CASE("codings and expectations that are not spoken here are refused") {
    CHECK(status_of_headers({{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}) == 0);
    CHECK(status_of_headers({{"Host", "a"}, {"Transfer-Encoding", "xchunked"}}) == 501);
    CHECK(status_of_headers({{"Host", "a"}, {"Transfer-Encoding", "chunked, identity"}}) == 501);
    CHECK(status_of_headers({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, false) == 400);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Encoding", "gzip"}}) == 415);
    CHECK(status_of_headers({{"Host", "a"}, {"Content-Encoding", "identity"}}) == 0);
    CHECK(status_of_headers({{"Host", "a"}, {"Expect", "100-Continue"}}) == 0);
    CHECK(status_of_headers({{"Host", "a"}, {"Expect", "tea"}}) == 417);
}
