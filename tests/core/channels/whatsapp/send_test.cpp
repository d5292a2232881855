#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/version.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using wabot::test::at;
using namespace std::chrono_literals;

namespace {

/// Passes the gate, keeps the request and gives the outcome it was told to.
class ScriptedHttp : public HttpClient {
public:
    HttpOutcome outcome = HttpAnswer{200, {}, R"({"messages":[{"id":"wamid.OUT1"}]})"};
    bool connects = true;
    std::vector<HttpRequest> requests;

    asio::awaitable<HttpOutcome> exchange(HttpRequest request, BeforeBody before_body) override {
        if (connects) {
            co_await before_body();
            requests.push_back(std::move(request));
        }
        co_return outcome;
    }
};

class CountingGate : public HandOver {
public:
    int commits = 0;
    bool is_lost = false;
    asio::awaitable<void> commit() override {
        ++commits;
        if (is_lost) throw Error(Errc::stale, "the lease is lost");
        co_return;
    }
};

struct Fixture {
    ScriptedHttp http;
    CountingGate gate;
    wabot::test::FakeClock clock;
    wabot::test::FakeRandom random;
    WhatsappChannel channel{{"http://graph.test", "v24.0", "100200300400500", "the-token"}, http, clock, random};

    SendOutcome send(const Outgoing& message) {
        asio::io_context io;
        auto outcome = asio::co_spawn(io, channel.send(message, gate), asio::use_future);
        io.run();
        return outcome.get();
    }
    Json sent_body() const { return read_json(http.requests.at(0).body); }
};

Outgoing hello() {
    return {.to = {.phone = "+12025550142"}, .text = "Hello! ☕", .reply_to = "wamid.IN1", .callback_token = "17.0.1"};
}

NotSent refusal(int status, const std::string& body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    const SendOutcome outcome = read_whatsapp_answer({status, std::move(headers), body}, at("2026-01-05T12:00:00Z"));
    REQUIRE(std::holds_alternative<NotSent>(outcome));
    return std::get<NotSent>(outcome);
}

std::string graph_error(int code, const std::string& more = "") {
    return R"({"error":{"message":"refused","type":"OAuthException","code":)" + std::to_string(code) + more + "}}";
}

}  // namespace

TEST_CASE("whatsapp send: a text goes out as the Graph API wants it") {
    Fixture fixture;
    CHECK(std::get<Sent>(fixture.send(hello())).provider_message_id == "wamid.OUT1");
    CHECK(fixture.gate.commits == 1);
    REQUIRE(fixture.http.requests.size() == 1);
    const HttpRequest& request = fixture.http.requests[0];
    CHECK(request.method == "POST");
    CHECK(request.url == "http://graph.test/v24.0/100200300400500/messages");
    CHECK(request.headers == std::vector<std::pair<std::string, std::string>>{{"Authorization", "Bearer the-token"},
                                                                              {"Content-Type", "application/json"},
                                                                              {"User-Agent", "wabot/" + std::string(version())}});
    CHECK(request.body == R"({"messaging_product":"whatsapp","recipient_type":"individual","to":"+12025550142","type":"text",)"
                          R"("text":{"body":"Hello! ☕"},"context":{"message_id":"wamid.IN1"},"biz_opaque_callback_data":"17.0.1"})");
}

TEST_CASE("whatsapp send: what the message does not have is left out") {
    Fixture fixture;
    fixture.send({.to = {.phone = "+12025550142"}, .text = "hi"});
    CHECK_FALSE(fixture.sent_body().contains("context"));
    CHECK_FALSE(fixture.sent_body().contains("biz_opaque_callback_data"));
}

TEST_CASE("whatsapp send: a person without a number is a recipient, a group is addressed as one") {
    Fixture fixture;
    SECTION("user id") {
        fixture.send({.to = {.user_id = "GB.90010020030040050"}, .text = "hi"});
        CHECK(fixture.sent_body()["recipient"] == "GB.90010020030040050");
        CHECK_FALSE(fixture.sent_body().contains("to"));
    }
    SECTION("both: the number wins") {
        fixture.send({.to = {.phone = "+12025550142", .user_id = "US.1"}, .text = "hi"});
        CHECK(fixture.sent_body()["to"] == "+12025550142");
        CHECK_FALSE(fixture.sent_body().contains("recipient"));
    }
    SECTION("group") {
        fixture.send({.group_id = "GROUP-77", .text = "hi"});
        CHECK(fixture.sent_body()["recipient_type"] == "group");
        CHECK(fixture.sent_body()["to"] == "GROUP-77");
    }
}

TEST_CASE("whatsapp send: what can never be sent is refused before anything is handed over") {
    const auto [message, code] =
        GENERATE(table<Outgoing, std::string>({{Outgoing{.text = "hi"}, "no_recipient"},
                                               {Outgoing{.to = {.phone = "+12025550142"}}, "no_text"},
                                               {Outgoing{.to = {.phone = "+12025550142"}, .text = std::string(4097, 'x')}, "too_long"}}));
    Fixture fixture;
    const SendOutcome outcome = fixture.send(message);
    CHECK(std::get<NotSent>(outcome).why == RetryClass::permanent);
    CHECK(std::get<NotSent>(outcome).code == code);
    CHECK(fixture.gate.commits == 0);
}

TEST_CASE("whatsapp send: when the hand-over cannot be made durable, nothing is sent") {
    Fixture fixture;
    fixture.gate.is_lost = true;
    CHECK_THROWS_AS(fixture.send(hello()), Error);
    CHECK(fixture.http.requests.empty());
}

TEST_CASE("whatsapp send: no connection is safe to try again, no answer is uncertain") {
    Fixture fixture;
    SECTION("never offered") {
        fixture.http.connects = false;
        fixture.http.outcome = HttpFailure{false, "could not connect"};
        const SendOutcome outcome = fixture.send(hello());
        CHECK(std::get<NotSent>(outcome).why == RetryClass::transient);
        CHECK(std::get<NotSent>(outcome).code == "connect");
        CHECK(fixture.gate.commits == 0);
    }
    SECTION("offered") {
        fixture.http.outcome = HttpFailure{true, "connection closed before an answer"};
        CHECK(std::get<Uncertain>(fixture.send(hello())).detail == "connection closed before an answer");
    }
}

TEST_CASE("whatsapp send: a reaction needs the message it is for") {
    Fixture fixture;
    const Outgoing thumb{.to = {.phone = "+12025550142"}, .kind = ContentKind::reaction, .object = R"({"emoji":"👍"})"};
    CHECK(std::get<NotSent>(fixture.send(thumb)).code == "no_message");
    CHECK(fixture.gate.commits == 0);
}

TEST_CASE("whatsapp answer: acceptance without a message id is uncertain") {
    const std::string body =
        GENERATE(as<std::string>{}, "", "OK", "{}", "[]", R"({"messages":[]})", R"({"messages":[{}]})", R"({"messages":[{"id":""}]})");
    CHECK(std::holds_alternative<Uncertain>(read_whatsapp_answer({200, {}, body}, at("2026-01-05T12:00:00Z"))));
}

TEST_CASE("whatsapp answer: the code decides what a refusal means") {
    using Row = std::tuple<int, int, RetryClass>;
    const auto [code, status, why] = GENERATE(values<Row>({
        {0, 401, RetryClass::account},           {190, 401, RetryClass::account},
        {3, 500, RetryClass::account},           {10, 403, RetryClass::account},
        {200, 403, RetryClass::account},         {299, 403, RetryClass::account},
        {131005, 403, RetryClass::account},      {368, 400, RetryClass::account},
        {130497, 403, RetryClass::account},      {131031, 403, RetryClass::account},
        {131042, 400, RetryClass::account},      {131037, 400, RetryClass::account},
        {131045, 500, RetryClass::account},      {133010, 400, RetryClass::account},
        {134011, 400, RetryClass::account},      {4, 400, RetryClass::rate_limited},
        {80007, 400, RetryClass::rate_limited},  {130429, 400, RetryClass::throughput},
        {131048, 400, RetryClass::quality},      {131064, 400, RetryClass::quality},
        {133016, 400, RetryClass::rate_limited}, {131056, 400, RetryClass::recipient_limited},
        {1, 400, RetryClass::transient},         {2, 503, RetryClass::transient},
        {131000, 500, RetryClass::transient},    {131016, 500, RetryClass::transient},
        {131057, 500, RetryClass::transient},    {133004, 503, RetryClass::transient},
        {135000, 400, RetryClass::transient},    {999999, 500, RetryClass::transient},
        {131047, 400, RetryClass::permanent},    {131026, 400, RetryClass::permanent},
        {131021, 400, RetryClass::permanent},    {131030, 400, RetryClass::permanent},
        {130472, 400, RetryClass::permanent},    {131049, 400, RetryClass::permanent},
        {131050, 400, RetryClass::permanent},    {131062, 400, RetryClass::permanent},
        {33, 400, RetryClass::account},          {100, 400, RetryClass::permanent},
        {131008, 400, RetryClass::permanent},    {131009, 400, RetryClass::permanent},
        {131051, 400, RetryClass::permanent},    {131052, 400, RetryClass::permanent},
        {131053, 400, RetryClass::permanent},    {132001, 404, RetryClass::permanent},
        {132999, 400, RetryClass::permanent},    {999999, 400, RetryClass::permanent},
    }));
    const NotSent refused = refusal(status, graph_error(code));
    INFO(code);
    CHECK(refused.why == why);
    CHECK(refused.code == std::to_string(code));
}

TEST_CASE("whatsapp answer: what Meta calls transient is tried again, unless the account is refused") {
    CHECK(refusal(400, graph_error(999999, R"(,"is_transient":true)")).why == RetryClass::transient);
    CHECK(refusal(400, graph_error(131009, R"(,"is_transient":true)")).why == RetryClass::transient);
    CHECK(refusal(401, graph_error(190, R"(,"is_transient":true)")).why == RetryClass::account);
}

TEST_CASE("whatsapp answer: a page that is not Meta's is judged by its status") {
    const auto [status, why] = GENERATE(table<int, RetryClass>(
        {{429, RetryClass::throughput}, {400, RetryClass::permanent}, {404, RetryClass::permanent}, {302, RetryClass::permanent}}));
    const std::string body = GENERATE(as<std::string>{}, "<html>sorry</html>", "", "{\"error\":\"no\"}", "{\"error\":{\"code\":\"x\"}}");
    CHECK(refusal(status, body).why == why);
    CHECK(refusal(status, body).code == "http_" + std::to_string(status));
}

TEST_CASE("whatsapp answer: when something between us gave up, Meta may have taken the message") {
    const int status = GENERATE(408, 500, 502, 503, 504);
    const std::string body = GENERATE(as<std::string>{}, "<html>sorry</html>", "", "{\"error\":\"no\"}");
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    CHECK(std::holds_alternative<Uncertain>(read_whatsapp_answer(answer, Time{})));
}

TEST_CASE("whatsapp answer: Retry-After is obeyed as seconds or as a date, for an hour at most") {
    using Row = std::tuple<std::string, std::optional<std::chrono::seconds>>;
    const auto [value, wait] = GENERATE(values<Row>({{"7", 7s},
                                                     {"999999", 3600s},
                                                     {"-3", 0s},
                                                     {"Mon, 05 Jan 2026 12:02:00 GMT", 120s},
                                                     {"Mon, 05 Jan 2026 11:00:00 GMT", 0s},
                                                     {"Tue, 06 Jan 2026 12:00:00 GMT", 3600s},
                                                     {"soon", std::nullopt},
                                                     {"", std::nullopt}}));
    CHECK(refusal(400, graph_error(130429), {{"retry-after", value}}).retry_after == wait);
    CHECK_FALSE(refusal(400, graph_error(130429)).retry_after);
}

TEST_CASE("whatsapp answer: the detail is for people and names no number") {
    const NotSent refused =
        refusal(400, R"({"error":{"message":"(#131030) not allowed","code":131030,"error_data":{"details":"Add +1 (202) 555-0142 to the list"}}})");
    CHECK(refused.detail == "(#131030) not allowed: Add … to the list");
    CHECK(refusal(400, R"({"error":{"message":"odd","code":132000,"error_data":"a plain text"}})").detail == "odd: a plain text");
}

TEST_CASE("whatsapp answer: an object that is not there is a fault of the account, named by its id") {
    const std::string text = "Unsupported post request. Object with ID '530012345678' does not exist";
    const auto body = [&](const std::string& more) { return R"({"error":{"message":")" + text + R"(","code":100)" + more + "}}"; };
    const NotSent gone = refusal(400, body(R"(,"error_subcode":33)"));
    CHECK(gone.why == RetryClass::account);
    CHECK(gone.code == "33");
    CHECK(gone.detail == text);
    for (const std::string& other : {std::string(), std::string(R"(,"error_subcode":2494055)")}) {
        CHECK(refusal(400, body(other)).why == RetryClass::permanent);
        CHECK(refusal(400, body(other)).detail.find("530012345678") == std::string::npos);
    }
}
