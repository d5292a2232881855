#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/channels/whatsapp/codes.hpp"
#include "core/messaging/sending/pacing.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

/// What a refusal leads to: of the first one, with the default settings.
struct Outcome {
    std::string send;                             // its state and the number of its next attempt
    std::chrono::milliseconds least{0}, most{0};  // the wait of its lane
    bool device_waits = false;                    // as long as the lane
    bool device_stops = false;
    bool goes_slowly = false;
};

const Outcome again{"queued 2", 1600ms, 2400ms};
const Outcome pair_waits{"queued 2", 1s, 1200ms};
const Outcome second_waits{"queued 1", 1s, 1200ms, true};
const Outcome minute_waits{"queued 1", 60s, 72s, true};
const Outcome quality_waits{"queued 2", 60s, 72s, false, false, true};
const Outcome for_good{"failed 1"};
const Outcome stops{"queued 1", 0s, 0s, false, true};

struct Row {
    int code, status;
    Outcome outcome;
};

/// Every code that a send may be refused with, by the HTTP status that comes with it.
const std::vector<Row> rows{
    // the token
    {0, 401, stops},
    {190, 401, stops},
    // permissions
    {3, 500, stops},
    {10, 403, stops},
    {131005, 403, stops},
    {200, 403, stops},
    {299, 403, stops},
    // limits
    {4, 400, minute_waits},
    {80007, 400, minute_waits},
    {133016, 400, minute_waits},
    {130429, 400, second_waits},
    {131056, 400, pair_waits},
    {131048, 400, quality_waits},
    {131064, 400, quality_waits},
    // what passes
    {1, 400, again},
    {2, 503, again},
    {131000, 500, again},
    {131016, 500, again},
    {131057, 500, again},
    {133004, 503, again},
    {135000, 400, again},
    // the window, the recipient
    {131047, 400, for_good},
    {131026, 400, for_good},
    {131021, 400, for_good},
    {131030, 400, for_good},
    {130472, 400, for_good},
    {131049, 400, for_good},
    {131050, 400, for_good},
    {131062, 400, for_good},
    // the message
    {33, 400, stops},
    {100, 400, for_good},
    {131008, 400, for_good},
    {131009, 400, for_good},
    {131051, 400, for_good},
    {131052, 400, for_good},
    {131053, 400, for_good},
    {132000, 400, for_good},
    {132001, 404, for_good},
    {132999, 400, for_good},
    // the account
    {368, 403, stops},
    {130497, 403, stops},
    {131031, 403, stops},
    {131037, 400, stops},
    {131042, 400, stops},
    {131045, 500, stops},
    {133010, 400, stops},
    {134011, 400, stops},
    // what no page knows
    {999999, 500, again},
    {999999, 400, for_good},
};

HttpOutcome graph_error_after(int code, const std::string& retry_after) {
    return HttpAnswer{400, {{"retry-after", retry_after}}, Json{{"error", {{"message", "no"}, {"code", code}}}}.dump()};
}

/// The pipeline with a look at what waits how long.
struct Limits : Pipeline {
    Pace pace() {
        return store.read([&](Snapshot& db) { return pacing::find(db, device); }).value_or(Pace{});
    }
    std::chrono::milliseconds lane_waits() {
        const auto due_at =
            store.read([&](Snapshot& db) { return db.query("SELECT send_due_at FROM conversations ORDER BY id LIMIT 1").one<Time>(); });
        return std::chrono::duration_cast<std::chrono::milliseconds>(due_at - world.clock.now());
    }
    std::chrono::milliseconds device_waits() {
        return std::chrono::duration_cast<std::chrono::milliseconds>(pace().blocked_until - world.clock.now());
    }
    bool is_stopped() {
        return store.read([&](Snapshot& db) { return devices::find(db, device)->status == DeviceStatus::error; });
    }
    void refuse_with(int status, int code) {
        http.otherwise = [=](const HttpRequest&) { return graph_error(status, code); };
    }
    void accept() {
        http.otherwise = [this](const HttpRequest&) { return graph_ok("wamid.reply" + std::to_string(++accepted)); };
    }
    void write_from(int person, const std::string& text = "hi") {
        const std::string from = std::to_string(12025550200 + person);
        write_text(from.c_str(), "wamid.in" + std::to_string(++written), text);
    }
    DeviceId add_device(const std::string& key, const std::string& number_id) {
        return store.write([&](Transaction& tx) {
            DeviceChange change;
            change.key = key;
            change.options = {{"phone_number_id", number_id}};
            change.secrets = {{"access_token", "token"}, {"app_secret", "secret"}};
            const DeviceId made = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
            agents::attach(tx, a_cause, faq, made);
            return made;
        });
    }
    std::int64_t looks() { return count("SELECT CAST(sum(send_lease_no) AS BIGINT) FROM conversations"); }
    void check_between(std::chrono::milliseconds wait, std::chrono::milliseconds least) {
        CHECK(wait >= least);
        CHECK(wait <= least + least / 5);
    }
    int written = 0;
};

}  // namespace

TEST_CASE_METHOD(Limits, "limits: what each code of the provider leads to", "[limits]") {
    const Row row = GENERATE(from_range(rows));
    CAPTURE(row.code, row.status);
    refuse_with(row.status, row.code);
    write_text(ada, "wamid.1", "hi");
    work();
    CHECK(http.requests.size() == 1);
    CHECK(send_states() == std::vector<std::string>{row.outcome.send});
    CHECK(reply().status == (row.outcome.send == "failed 1" ? MessageStatus::failed : MessageStatus::queued));
    CHECK(is_stopped() == row.outcome.device_stops);
    CHECK((pace().quality_at == world.clock.now()) == row.outcome.goes_slowly);
    CHECK(lane_waits() >= row.outcome.least);
    CHECK(lane_waits() <= row.outcome.most);
    CHECK((device_waits() > 0ms) == row.outcome.device_waits);
    if (row.outcome.device_waits) CHECK(device_waits() == lane_waits());
    if (row.code != 999999) CHECK_FALSE(explain_send_error(std::to_string(row.code)).empty());
    // What is over or waits for nothing but a person is not tried again by itself.
    world.clock.advance(10 * 24h);
    accept();
    work();
    const bool goes_on = row.outcome.send != "failed 1" && !row.outcome.device_stops;
    CHECK(http.requests.size() == (goes_on ? 2 : 1));
}

TEST_CASE("limits: no code is in the table that the tests above leave out", "[limits]") {
    for (int code = 0; code < 140'000; ++code) {
        const SendErrorCode* const known = find_whatsapp_code(code);
        if (known == nullptr) continue;
        const auto is_in_run = [known](const Row& row) { return row.code >= known->first && row.code <= known->last; };
        INFO(code);
        REQUIRE(std::ranges::any_of(rows, is_in_run));
    }
}

TEST_CASE_METHOD(Limits, "limits: too much for one person keeps only that person waiting, four times as long each time", "[limits]") {
    options.send_attempts = 20;
    http.otherwise = [this](const HttpRequest& request) {
        if (request.body.find(ada) != std::string::npos) return graph_error(400, 131056);
        return graph_ok("wamid.reply" + std::to_string(++accepted));
    };
    write_text(ada, "wamid.1", "one");
    work();
    write_text(bob, "wamid.2", "two");
    work();
    CHECK(sent_texts() == std::vector<std::string>{"1", "2"});
    CHECK(send_states() == std::vector<std::string>{"queued 2", "sent 1"});
    for (const auto wait : {1s, 4s, 16s, 64s, 256s, 1024s, 3600s, 3600s}) {
        check_between(lane_waits(), wait);
        world.clock.advance(lane_waits() + 1ms);
        work();
    }
    CHECK(http.requests.size() == 10);
    CHECK_FALSE(is_stopped());
}

TEST_CASE_METHOD(Limits, "limits: the provider's own wait is obeyed where it is longer, an hour at most", "[limits]") {
    const int code = GENERATE(130429, 131056, 131000, 131048, 4);
    const auto [text, wait] = GENERATE(table<std::string, std::chrono::seconds>({{"200", 200s}, {"999999", 3600s}}));
    CAPTURE(code, text);
    http.script = {[&](const HttpRequest&) { return graph_error_after(code, text); }};
    write_text(ada, "wamid.1", "hi");
    work();
    CHECK(lane_waits() == wait);
    world.clock.advance(wait - 1s);
    work();
    CHECK(http.requests.size() == 1);
    world.clock.advance(2s);
    work();
    CHECK(send_states().at(0).starts_with("sent"));
}

TEST_CASE_METHOD(Limits, "limits: some codes are not worth as many attempts as the settings allow", "[limits]") {
    const auto [code, attempts] = GENERATE(table<int, int>({{1, 3}, {135000, 2}, {131016, 8}}));
    CAPTURE(code);
    refuse_with(400, code);
    write_text(ada, "wamid.1", "hi");
    for (int i = 0; i < 12; ++i) {
        work();
        world.clock.advance(7h);
    }
    CHECK(http.requests.size() == static_cast<std::size_t>(attempts));
    CHECK(send_states() == std::vector<std::string>{"failed " + std::to_string(attempts)});
    check_at_rest();
}

TEST_CASE_METHOD(Limits, "limits: a number that is too fast waits, twice as long each time in a row, until something is accepted", "[limits]") {
    refuse_with(400, 130429);
    for (int person = 0; person < 5; ++person) write_from(person);
    work();
    // What left together was refused together: that is one word of the provider.
    CHECK(http.requests.size() == 5);
    CHECK(pace().refusals == 1);
    check_between(device_waits(), 1s);
    CHECK(send_states() == std::vector<std::string>(5, "queued 1"));
    for (const auto wait : {2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        const auto before = http.requests.size();
        world.clock.advance(device_waits() - 1ms);
        work();
        CHECK(http.requests.size() == before);
        world.clock.advance(2ms);
        world.clock.advance(1s);  // a token, after the bucket was emptied
        work();
        CHECK(http.requests.size() > before);
        check_between(device_waits() + 0ms, wait);
    }
    CHECK(send_states() == std::vector<std::string>(5, "queued 1"));
    world.clock.advance(80s);
    accept();
    work();
    CHECK(send_states() == std::vector<std::string>(5, "sent 1"));
    CHECK(pace().refusals == 0);
    refuse_with(400, 130429);
    write_from(1);
    work();
    check_between(device_waits(), 1s);
}

TEST_CASE_METHOD(Limits, "limits: an acceptance of what went before the provider's word does not take it back", "[limits]") {
    options.send_concurrency = 0;
    write_from(1);
    write_from(2);
    one_round();
    const auto claimed = store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + 1min, worker_id, limits()).sends; });
    REQUIRE(claimed.size() == 2);
    const NotSent too_fast{RetryClass::throughput, std::nullopt, "130429", "no"};
    store.write([&](Transaction& tx) { sends::record_refused(tx, a_cause, claimed[0], too_fast, limits(), 0.5); });
    store.write([&](Transaction& tx) { sends::record_sent(tx, a_cause, claimed[1], vault.seal("wamid.out", messages::id_data)); });
    CHECK(pace().refusals == 1);
}

TEST_CASE_METHOD(Limits, "limits: where the quality of the number is in danger, what people write goes on, one a second", "[limits]") {
    http.script = {[](const HttpRequest&) { return graph_error(400, 131048); }};
    write_from(1);
    work();
    for (int person = 2; person < 6; ++person) write_from(person);
    const auto sent = [&] { return http.requests.size(); };
    std::vector<std::size_t> counts;
    for (int i = 0; i < 4; ++i) {
        world.clock.advance(1100ms);
        work();
        counts.push_back(sent());
    }
    CHECK(counts == std::vector<std::size_t>{2, 3, 4, 5});
    world.clock.advance(2h);
    for (int person = 6; person < 9; ++person) write_from(person);
    work();
    CHECK(sent() == 9);
    check_at_rest();
}

TEST_CASE_METHOD(Limits, "limits: a refused account stops its device once, and leaves the others alone", "[limits]") {
    const DeviceId other = add_device("other", "555001");
    options.send_concurrency = 0;
    write_from(1);
    write_from(2);
    post(envelope("messages", text_item(bob, "wamid.other", "hi"), "555001"));
    one_round();
    auto claimed = store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + 1min, worker_id, limits()).sends; });
    std::erase_if(claimed, [&](const ClaimedSend& send) { return send.send.device_id == other; });
    REQUIRE(claimed.size() == 2);
    const auto refuse = [&](const ClaimedSend& send, const char* detail) {
        const NotSent refusal{RetryClass::account, std::nullopt, "190", detail};
        return store.write([&](Transaction& tx) { return sends::record_refused(tx, a_cause, send, refusal, limits(), 0.5); });
    };
    CHECK(refuse(claimed[0], "expired at noon"));
    CHECK_FALSE(refuse(claimed[1], "expired at one"));
    CHECK(is_stopped());
    CHECK(count("SELECT count(*) FROM changes WHERE kind = 'device.error'") == 1);
    CHECK(count("SELECT count(*) FROM sends WHERE state = 'queued' AND attempt = 1") == 2);
    CHECK(count("SELECT count(*) FROM failed_attempts") == 0);
    CHECK(store.read([&](Snapshot& db) { return devices::find(db, other)->status; }) != DeviceStatus::error);

    SECTION("a new token resumes it at once, and what was refused under the old one does not stop it again") {
        store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.secrets = {{"access_token", "new"}}}); });
        CHECK_FALSE(is_stopped());
        auto late = store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + 1min, worker_id, limits()).sends; });
        REQUIRE(late.size() == 2);
        late[0].device_revision -= 1;  // as it would be, had it been claimed before
        CHECK_FALSE(refuse(late[0], "expired at noon"));
        CHECK_FALSE(is_stopped());
        CHECK(refuse(late[1], "expired as well"));
        CHECK(is_stopped());
    }
    SECTION("so does another account or address") {
        const auto option = GENERATE(table<std::string, std::string>({{"phone_number_id", "555009"}, {"graph_url", "http://graph.example"}}));
        store.write([&](Transaction& tx) {
            DeviceChange change;
            change.options = {{std::get<0>(option), std::get<1>(option)}};
            devices::update(tx, a_cause, vault, device, change);
        });
        CHECK_FALSE(is_stopped());
    }
    SECTION("and a person, who has seen to the account") {
        const auto resume = [&] { return store.write([&](Transaction& tx) { return devices::resume(tx, a_cause, device).changed; }); };
        CHECK(resume());
        CHECK_FALSE(resume());
        options.send_concurrency = 32;
        work();
        CHECK(count("SELECT count(*) FROM sends WHERE state = 'sent'") == 2);
        CHECK(http.requests.size() == 2);
    }
}

TEST_CASE_METHOD(Limits, "limits: what waits for a device that may not send is not looked at, and goes at once when it may", "[limits]") {
    const DeviceId other = add_device("other", "555001");
    options.send_concurrency = 0;
    for (int person = 0; person < 20; ++person) write_from(person);
    post(envelope("messages", text_item(bob, "wamid.other", "hi"), "555001"));
    work();
    const auto set = [&](const char* sql) { store.write([&](Transaction& tx) { tx.execute(sql, device); }); };
    const std::int64_t before = looks();
    SECTION("stopped") {
        set("UPDATE devices SET status = 'error' WHERE id = $1");
    }
    SECTION("inactive") {
        store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.is_active = false}); });
    }
    SECTION("told to wait") {
        store.write([&](Transaction& tx) { pacing::slow_down(tx, device, {RetryClass::rate_limited, std::nullopt, "4", "no"}, std::nullopt, 0); });
    }
    options.send_concurrency = 32;
    for (int i = 0; i < 5; ++i) {
        work();
        world.clock.advance(6s);
    }
    CHECK(http.requests.size() == 1);
    CHECK(count("SELECT count(*) FROM sends WHERE state = 'sent' AND device_id = " + std::to_string(other.value)) == 1);
    CHECK(looks() == before + 1);
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.is_active = true}); });
    set("UPDATE devices SET status = 'disconnected' WHERE id = $1");
    set("UPDATE device_pacing SET blocked_until = 0, refusals = 0 WHERE device_id = $1");
    work();
    CHECK(http.requests.size() > 1);
}

TEST_CASE_METHOD(Limits, "limits: what waits for a token is not looked at before there is one", "[limits]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "2"}}}); });
    for (int person = 0; person < 12; ++person) write_from(person);
    work();
    for (int i = 0; i < 100 && http.requests.size() < 12; ++i) {
        world.clock.advance(100ms);
        work();
    }
    CHECK(http.requests.size() == 12);
    CHECK(looks() == 12);
    CHECK(pace().waiting_since == Time{});
    check_at_rest();
}

TEST_CASE_METHOD(Limits, "limits: who comes while others wait for a token goes behind them", "[limits]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "1"}}}); });
    write_from(1, "one");
    write_from(2, "two");
    work();
    CHECK(sent_texts() == std::vector<std::string>{"1"});
    world.clock.advance(1100ms);  // a token for the one that waits
    write_from(3, "three");
    work();
    world.clock.advance(1100ms);
    work();
    CHECK(sent_texts() == std::vector<std::string>{"1", "2", "3"});
    check_at_rest();
}

TEST_CASE_METHOD(Limits, "limits: a claim takes of each device alike", "[limits]") {
    const DeviceId other = add_device("other", "555001");
    options.send_concurrency = 0;
    for (int person = 0; person < 10; ++person) {
        write_from(person);
        const std::string from = std::to_string(12025550300 + person);
        post(envelope("messages", text_item(from.c_str(), "wamid.b" + std::to_string(person), "hi"), "555001"));
    }
    work();
    const auto of_other = [&](const sends::SendCapacity& room) {
        const auto claimed =
            store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, room, tx.now() + 1min, worker_id, limits()).sends; });
        const auto is_other = [&](const ClaimedSend& one) { return one.send.device_id == other; };
        return std::pair(claimed.size(), std::ranges::count_if(claimed, is_other));
    };
    SECTION("when there is room for some") {
        CHECK(of_other(6) == std::pair<std::size_t, std::ptrdiff_t>(6, 3));
    }
    SECTION("and no more of one than it may have hands") {
        CHECK(of_other({20, 5, {{device, 1}}}) == std::pair<std::size_t, std::ptrdiff_t>(6, 5));
    }
}

namespace {

/// Answers all but one account, which it lets hang until it is released.
class HangingHttp final : public HttpClient {
public:
    HangingHttp(Timers& timers, std::string hangs) : timers_(timers), hangs_(std::move(hangs)) {}
    asio::awaitable<HttpOutcome> exchange(HttpRequest request, BeforeBody before_body) override {
        if (before_body) co_await before_body();
        const bool is_hanging = request.url.find(hangs_) != std::string::npos;
        ++(is_hanging ? hanging : answered);
        while (is_hanging && !is_released) co_await timers_.after(1ms);
        co_return graph_ok("wamid.out" + std::to_string(++ids_));
    }
    int hanging = 0, answered = 0;
    bool is_released = false;

private:
    Timers& timers_;
    const std::string hangs_;
    int ids_ = 0;
};

}  // namespace

TEST_CASE_METHOD(Limits, "limits: an account that hangs holds some of the hands, and the others go on", "[limits]") {
    for (const DeviceId any : {device, add_device("other", "555001")})
        store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, any, {.options = {{"rate_per_s", "0"}}}); });
    options.send_concurrency = 0;
    for (int person = 0; person < 12; ++person) write_from(person);
    work();
    options.send_concurrency = 4;
    HangingHttp hanging(real_world().timers, "555000");
    asio::io_context context(1);
    World mixed{world.clock, real_world().timers, world.random};
    Worker worker({store.db(), vault, mixed, hanging, blobs, registry, metrics, job_kinds}, options, worker_id, context.get_executor());
    std::exception_ptr failure;
    asio::co_spawn(context, worker.run(), [&](std::exception_ptr thrown) { failure = thrown; });
    const auto until = [&](auto condition) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!condition() && std::chrono::steady_clock::now() < end) context.run_one_for(50ms);
        return condition();
    };
    CHECK(until([&] { return hanging.hanging >= 2; }));
    for (int person = 0; person < 6; ++person) {
        const std::string from = std::to_string(12025550300 + person);
        post(envelope("messages", text_item(from.c_str(), "wamid.b" + std::to_string(person), "hi"), "555001"));
    }
    CHECK(until([&] { return hanging.answered == 6; }));
    CHECK(hanging.hanging == 2);
    hanging.is_released = true;
    CHECK(until([&] { return count("SELECT count(*) FROM sends WHERE state = 'sent'") == 18; }));
    worker.stop();
    context.run();
    CHECK_FALSE(failure);
    check_at_rest();
}
