#include "server/http/request_target.hpp"

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace wabot;

TEST_CASE("a target is taken apart and decoded once") {
    const RequestTarget target = read_target("/api/v1/devices/main%20desk/caf%C3%A9?limit=5&tag=a%26b&tag=c+d&empty=&bare");
    CHECK(target.segments == std::vector<std::string>{"api", "v1", "devices", "main desk", "café"});
    CHECK(target.query ==
          std::vector<std::pair<std::string, std::string>>{{"limit", "5"}, {"tag", "a&b"}, {"tag", "c d"}, {"empty", ""}, {"bare", ""}});
}

TEST_CASE("the absolute form of a target is read like the origin form") {
    CHECK(read_target("http://example.net:8000/health?x=1").segments == std::vector<std::string>{"health"});
    CHECK(read_target("http://example.net").segments == std::vector<std::string>{""});
    CHECK(read_target("/").segments == std::vector<std::string>{""});
}

TEST_CASE("a percent sign that stands for itself is no escape") {
    CHECK(read_target("/discount/50%25").segments.back() == "50%");
}

TEST_CASE("a target that can be read in two ways is refused") {
    const std::string target =
        GENERATE(as<std::string>{}, "/../../etc/passwd", "/a/..", "/./a", "/%2e%2e%2fetc", "/%2E%2e/etc", "/a%2fb", "/a%5cb", "/a\\b", "/..%5c",
                 "/%252e", "/%252e%252e/etc", "/%00", "/%zz", "/%", "/a%4", "/a%0ab", "/%c0%ae%c0%ae/", "/%ff", "/%ed%a0%80", "/%f5%80%80%80", "/a b",
                 "/a#b", "/\xC3\xA9", "health", "*", "", "ftp://host/a", "/a?x=%zz", "/a?x=%00", "/a?%ff=1");
    CAPTURE(target);
    CHECK_THROWS_AS(read_target(target), Error);
}

TEST_CASE("a query with too many parameters is refused") {
    std::string query = "/a?x=1";
    for (int i = 1; i < 100; ++i) query += "&x=1";
    CHECK(read_target(query).query.size() == 100);
    CHECK_THROWS_AS(read_target(query + "&x=1"), Error);
}
