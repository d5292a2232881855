#include "core/channels/whatsapp/media.hpp"
#include "core/base/clock.hpp"
#include "core/base/hex.hpp"

#include <nlohmann/json.hpp>

#include "core/base/blocking.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/crypto/vault.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/blob_store.hpp"
#include "tests/fakes/http.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpOutcome answer(int status, std::string body, Headers headers = {}) {
    return HttpAnswer{status, std::move(headers), std::move(body)};
}

HttpOutcome looked_up(const std::string& url, const Json& more = Json::object()) {
    Json body{{"messaging_product", "whatsapp"}, {"url", url}, {"mime_type", "image/jpeg"}, {"id", "77"}};
    body.update(more);
    return answer(200, body.dump());
}

const std::string media_url = "https://media.example.com/get?mid=77";

/// One medium of 20 bytes at most, of an account whose Graph is at graph.example.com.
struct Medium {
    Medium() : draft(blobs.begin(std::string(32, 'a'))) {}

    void then(HttpOutcome outcome) {
        http.script.push_back([outcome](const HttpRequest&) { return outcome; });
    }
    MediaOutcome fetch(const std::string& id = "77", const std::string& graph_url = "https://graph.example.com") {
        WhatsappMedia source({graph_url, "v24.0", "555000", "token"}, {"media.example.com"}, http, world.clock);
        return blocking(source.fetch(id, draft, 20));
    }
    MediaFetched fetched() {
        const MediaOutcome outcome = fetch();
        if (const auto* refused = std::get_if<MediaRefused>(&outcome)) FAIL(refused->reason);
        return std::get<MediaFetched>(outcome);
    }
    /// "blocked: its URL ..."
    std::string refused(const std::string& id = "77") {
        const MediaOutcome outcome = fetch(id);
        const auto* refused = std::get_if<MediaRefused>(&outcome);
        REQUIRE(refused != nullptr);
        static constexpr const char* words[] = {"passing", "gone", "blocked", "failed"};
        return std::string(words[static_cast<int>(refused->why)]) + ": " + refused->reason;
    }
    std::string text() const {
        std::string out(100, '\0');
        out.resize(draft->read()->read(out));
        return out;
    }
    std::string header(std::size_t request, const std::string& name) const {
        for (const auto& [key, value] : http.requests.at(request).headers)
            if (key == name) return value;
        return "";
    }

    FakeWorld world;
    FakeBlobs blobs{world.clock};
    FakeHttp http;
    std::shared_ptr<BlobDraft> draft;
};

}  // namespace

TEST_CASE_METHOD(Medium, "whatsapp media: an id is looked up, and its URL read with the token", "[media]") {
    then(looked_up(media_url, {{"sha256", std::string(64, 'A')}, {"file_size", "11"}}));
    then(answer(200, "some bytes"));
    const MediaFetched said = fetched();
    CHECK(said.mime_type == "image/jpeg");
    CHECK(said.sha256 == std::string(64, 'a'));
    CHECK(said.size == 11);
    CHECK(text() == "some bytes");
    REQUIRE(http.requests.size() == 2);
    CHECK(http.requests[0].url == "https://graph.example.com/v24.0/77?phone_number_id=555000");
    CHECK_FALSE(http.requests[0].public_only);
    CHECK(http.requests[1].url == media_url);
    CHECK(http.requests[1].public_only);
    CHECK(header(0, "Authorization") == "Bearer token");
    CHECK(header(1, "Authorization") == "Bearer token");
    CHECK(header(1, "Range").empty());
}

TEST_CASE_METHOD(Medium, "whatsapp media: a download goes on behind what is there", "[media]") {
    draft->append("some ");
    then(looked_up(media_url));
    SECTION("where the server knows ranges") {
        then(answer(206, "bytes", {{"content-range", "bytes 5-10/11"}}));
        fetched();
        CHECK(header(1, "Range") == "bytes=5-");
        CHECK(text() == "some bytes");
    }
    SECTION("from the beginning where it does not") {
        then(answer(200, "some bytes"));
        fetched();
        CHECK(text() == "some bytes");
    }
    SECTION("and not behind another place") {
        then(answer(206, "bytes", {{"content-range", "bytes 4-10/11"}}));
        CHECK(refused() == "passing: the server answered with another range than was asked for");
        CHECK(draft->size() == 0);
    }
    SECTION("from the beginning when there is too much already") {
        then(answer(416, ""));
        then(answer(200, "all"));
        fetched();
        CHECK(header(2, "Range").empty());
        CHECK(text() == "all");
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: what is too large is not fetched", "[media]") {
    SECTION("as the provider says when it is looked up") {
        then(looked_up(media_url, {{"file_size", 21}}));
        CHECK(refused() == "blocked: has 21 bytes, more than the 20 that are fetched");
        CHECK(http.requests.size() == 1);
    }
    SECTION("as the server says") {
        then(looked_up(media_url));
        then(answer(200, "", {{"content-length", "21"}}));
        CHECK(refused() == "blocked: has 21 bytes, more than the 20 that are fetched");
    }
    SECTION("as it turns out") {
        then(looked_up(media_url, {{"file_size", 3}}));
        then(answer(200, std::string(21, 'x')));
        CHECK(refused() == "blocked: has 21 bytes, more than the 20 that are fetched");
        CHECK(draft->size() == 0);
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: no URL is followed but https on a host of the list", "[media]") {
    const auto [url, reason] = GENERATE(table<std::string, std::string>({
        {"file:///etc/passwd", "its URL is of scheme file, not https"},
        {"http://169.254.169.254/latest/meta-data", "its URL is of scheme http, not https"},
        {"https://169.254.169.254/", "its URL names the host 169.254.169.254, which is none of media_hosts"},
        {"http://media.example.com/", "its URL is of scheme http, not https"},
        {"https://media.example.com:8443/", "its URL names port 8443"},
        {"https://media.example.com.evil.example/", "its URL names the host media.example.com.evil.example, which is none of media_hosts"},
        {"https://user@media.example.com/", "its URL holds a user"},
        {"https://media.example.com@127.0.0.1/", "its URL holds a user"},
        {"gopher://media.example.com/", "its URL is of scheme gopher, not https"},
        {"https://media.example.com:x/", "its URL cannot be read"},
    }));
    then(looked_up(url));
    SECTION("named by the provider") {
        CHECK(refused() == "blocked: " + reason);
        CHECK(http.requests.size() == 1);
    }
    SECTION("nor when a good one leads to it") {
        http.script.clear();
        then(looked_up(media_url));
        then(answer(302, "", {{"location", url}}));
        CHECK(refused() == "blocked: " + reason);
        CHECK(http.requests.size() == 2);
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: it is led on three times at most, within the list", "[media]") {
    then(looked_up(media_url));
    then(answer(302, "", {{"location", "/second"}}));
    then(answer(307, "", {{"location", "https://graph.example.com/third"}}));
    SECTION("to the end") {
        then(answer(200, "bytes"));
        fetched();
        CHECK(http.requests[2].url == "https://media.example.com/second");
        CHECK(http.requests[2].public_only);
        CHECK(http.requests[3].url == "https://graph.example.com/third");
        CHECK_FALSE(http.requests[3].public_only);
        CHECK(text() == "bytes");
    }
    SECTION("and not for ever") {
        then(answer(301, "", {{"location", "/fourth"}}));
        then(answer(301, "", {{"location", "/fifth"}}));
        CHECK(refused() == "blocked: its URL leads on more than 3 times");
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: Graph over http is trusted where the device says so, and nothing else of that host", "[media]") {
    then(looked_up("http://127.0.0.1:9000/media"));
    then(answer(200, "bytes"));
    CHECK(std::holds_alternative<MediaFetched>(fetch("77", "http://127.0.0.1:9000/sim")));
    then(looked_up("http://127.0.0.1:9001/media"));
    CHECK(std::holds_alternative<MediaRefused>(fetch("77", "http://127.0.0.1:9000/sim")));
}

TEST_CASE_METHOD(Medium, "whatsapp media: a URL that is not there has expired, and is looked up once more", "[media]") {
    then(looked_up(media_url));
    then(answer(404, "gone"));
    then(looked_up("https://media.example.com/fresh"));
    SECTION("and read then") {
        then(answer(200, "bytes"));
        fetched();
        CHECK(http.requests[3].url == "https://media.example.com/fresh");
        CHECK(text() == "bytes");
    }
    SECTION("and left for later then") {
        then(answer(404, "gone"));
        CHECK(refused() == "passing: its URL answers HTTP 404");
        CHECK(http.requests.size() == 4);
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: what the provider refuses is gone, or comes again later", "[media]") {
    const auto error = [](int status, int code) { return answer(status, Json{{"error", {{"message", "no such object"}, {"code", code}}}}.dump()); };
    const auto [outcome, is] = GENERATE_COPY(table<HttpOutcome, std::string>({
        {error(400, 100), "gone: the provider refuses it: no such object (100)"},
        {error(404, 3000), "gone: the provider refuses it: no such object (3000)"},
        {error(401, 190), "passing: the provider refuses it: no such object (190)"},
        {error(429, 4), "passing: the provider refuses it: no such object (4)"},
        {error(400, 131052), "failed: the provider refuses it: no such object (131052)"},
        {answer(503, "<html>"), "passing: the provider refuses it: HTTP 503"},
        {answer(200, "{}"), "passing: the provider's answer names no URL"},
        {HttpFailure{false, "could not connect"}, "passing: could not be looked up: could not connect"},
    }));
    then(outcome);
    CHECK(refused() == is);
    CHECK(http.requests.size() == 1);
}

TEST_CASE_METHOD(Medium, "whatsapp media: an address that is not public is refused, a broken connection comes again", "[media]") {
    then(looked_up(media_url));
    SECTION("refused") {
        then(HttpFailure{false, "the address is not one of the public Internet", true});
        CHECK(refused() == "blocked: the address is not one of the public Internet");
    }
    SECTION("broken") {
        then(HttpFailure{false, "connection closed within the answer"});
        CHECK(refused() == "passing: connection closed within the answer");
    }
    SECTION("an answer of another kind") {
        then(answer(500, "trouble"));
        CHECK(refused() == "passing: its URL answers HTTP 500");
    }
}

TEST_CASE_METHOD(Medium, "whatsapp media: an id that would lead elsewhere is none", "[media]") {
    for (const char* id : {"", "../me", "77/messages", "77?fields=x", "77 ", "7%37"})
        CHECK(refused(id) == "failed: its id is none of the provider's");
    CHECK(http.requests.empty());
}

TEST_CASE("whatsapp media: a hash is read as hexadecimal digits and as base64", "[media]") {
    const std::string digits = to_hex(sha256("bytes"));
    CHECK(read_media_hash(digits) == digits);
    CHECK(read_media_hash("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") == to_hex(sha256("")));
    CHECK(read_media_hash("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU") == to_hex(sha256("")));
    for (const char* text : {"", "abc", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF", "!!!!", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA"})
        CHECK(read_media_hash(text).empty());
}
