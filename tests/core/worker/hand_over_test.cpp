#include "core/base/clock.hpp"
#include "tests/fakes/pipeline.hpp"

#include "core/messaging/sending/compose.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/operations/message_history.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

HttpOutcome no_answer(const HttpRequest&) {
    return HttpFailure{true, "connection closed before an answer"};
}

std::string opaque_in(const HttpRequest& request) {
    return Json::parse(request.body)["biz_opaque_callback_data"];
}

}  // namespace

TEST_CASE_METHOD(Pipeline, "hand-over: a worker that was stopped for long gives its claim back and offers nothing", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    http.connecting = [&] { world.clock.advance(11s); };
    one_round();
    CHECK(http.requests.empty());
    CHECK(send_states() == std::vector<std::string>{"queued 1"});
    CHECK(reply().status == MessageStatus::queued);
    http.connecting = nullptr;
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1"});
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: it is the time since boot that counts, not that of the day", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    http.connecting = [&] { world.clock.set(world.clock.now() + 30s); };
    work();
    CHECK(http.requests.size() == 1);
    CHECK(send_states() == std::vector<std::string>{"sent 1"});
}

TEST_CASE_METHOD(Pipeline, "hand-over: a status that overtakes the answer settles the send once", "[pipeline]") {
    const auto [word, after] = GENERATE(table<std::string, MessageStatus>(
        {{"sent", MessageStatus::sent}, {"delivered", MessageStatus::delivered}, {"read", MessageStatus::read}, {"failed", MessageStatus::failed}}));
    const bool is_answered = GENERATE(true, false);
    CAPTURE(word, is_answered);
    http.script = {[&](const HttpRequest& request) {
        status("wamid.early", word, opaque_in(request));
        one_round();
        CHECK(send_states() == std::vector<std::string>{"sent 1"});
        return is_answered ? graph_ok("wamid.early") : no_answer(request);
    }};
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(options.uncertain_window + 1s);
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1"});
    CHECK(reply().status == after);
    CHECK(vault.open(*reply().whatsapp_message_id, messages::id_data) == "wamid.early");
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: a held send is settled by a status that comes ever so late", "[pipeline]") {
    http.script = {no_answer};
    write_text(ada, "wamid.1", "hi");
    work();
    store.write([&](Transaction& tx) { tx.execute("UPDATE sends SET on_uncertain = 'hold'"); });
    world.clock.advance(options.uncertain_window + 1s);
    work();
    CHECK(reply().status == MessageStatus::held);
    world.clock.advance(24h);
    status("wamid.late", "delivered", opaque_in(http.requests.at(0)));
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1"});
    CHECK(reply().status == MessageStatus::delivered);
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: two accepted ids of one part are counted once and shown", "[pipeline]") {
    http.script = {no_answer};
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(options.uncertain_window + 1s);
    work();
    const auto duplicates = [&] {
        const auto steps = store.read([&](Snapshot& db) { return messages::history_of(db, reply().id, options.uncertain_window).steps; });
        return std::ranges::count_if(steps, [](const HistoryStep& step) { return step.detail.find("duplicate") != std::string::npos; });
    };
    CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 2"});
    CHECK(duplicates() == 0);
    status("wamid.first", "sent", opaque_in(http.requests.at(0)));
    status("wamid.first", "delivered", opaque_in(http.requests.at(0)));
    status("wamid.reply1", "delivered", opaque_in(http.requests.at(1)));
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 2"});
    CHECK(duplicates() == 1);
    CHECK(count("SELECT count(*) FROM changes WHERE kind = 'send.duplicate'") == 1);
    CHECK(count("SELECT count(DISTINCT whatsapp_message_id_hash) FROM sends") == 2);
    CHECK(reply().status == MessageStatus::delivered);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: an answer that comes after its lease was lost is believed, and its statuses find it", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    options.send_concurrency = 0;
    one_round();
    const auto claimed =
        store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()).sends; });
    REQUIRE(claimed.size() == 1);
    store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); });
    status("wamid.out", "delivered");  // as a status without our id: nobody knows it yet
    world.clock.advance(options.lease + 1s);
    one_round();
    CHECK(send_states() == std::vector<std::string>{"uncertain 1"});
    CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 1);
    store.write([&](Transaction& tx) { sends::record_sent(tx, a_cause, claimed[0], vault.seal("wamid.out", messages::id_data)); });
    CHECK(send_states() == std::vector<std::string>{"sent 1"});
    CHECK(reply().status == MessageStatus::delivered);
    CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 0);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: statuses that missed their message are joined within a minute", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    work();
    status("wamid.reply1", "read");
    status("wamid.of somebody else", "read");
    work();
    // As when the two units ran side by side and neither saw the other.
    store.write([&](Transaction& tx) {
        tx.execute("UPDATE message_statuses SET message_id = NULL");
        tx.execute("UPDATE messages SET status = 'sent'");
    });
    SECTION("by a worker") {
        work();
        CHECK(reply().status == MessageStatus::read);
        CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 1);
    }
    SECTION("but old ones are nobody's") {
        world.clock.advance(11min);
        work();
        CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 2);
    }
}

TEST_CASE_METHOD(Pipeline, "hand-over: a limit of the whole number holds everyone back for as long as it says", "[pipeline]") {
    http.script = {[](const HttpRequest&) {
        HttpOutcome limited = graph_error(400, 130429);
        std::get<HttpAnswer>(limited).headers = {{"retry-after", "40"}};
        return limited;
    }};
    write_text(ada, "wamid.1", "one");
    work();
    write_text(bob, "wamid.2", "two");
    work();
    world.clock.advance(39s);
    work();
    CHECK(http.requests.size() == 1);
    CHECK(send_states() == std::vector<std::string>{"queued 1", "queued 1"});
    world.clock.advance(10s);
    work();
    world.clock.advance(10s);
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 1"});
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: a limit of one pair holds that conversation back, and no other", "[pipeline]") {
    http.script = {[](const HttpRequest&) { return graph_error(400, 131056); }};
    write_text(ada, "wamid.1", "one");
    work();
    write_text(ada, "wamid.2", "two");
    write_text(bob, "wamid.3", "three");
    work();
    CHECK(sent_texts() == std::vector<std::string>{"1", "3"});
    CHECK(send_states() == std::vector<std::string>{"queued 2", "queued 1", "sent 1"});
    world.clock.advance(10s);
    work();
    CHECK(sent_texts() == std::vector<std::string>{"1", "3", "1", "2"});
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: Retry-After is obeyed when it is longer than the back-off", "[pipeline]") {
    http.script = {[](const HttpRequest&) {
        HttpOutcome refused = graph_error(500, 131000);
        std::get<HttpAnswer>(refused).headers = {{"retry-after", "90"}};
        return refused;
    }};
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(89s);
    work();
    CHECK(http.requests.size() == 1);
    world.clock.advance(2s);
    work();
    CHECK(http.requests.size() == 2);
    CHECK(reply().status == MessageStatus::sent);
}

TEST_CASE_METHOD(Pipeline, "hand-over: the eleventh automatic reply within a minute is not sent, and the turn says why", "[pipeline]") {
    for (int i = 0; i < 11; ++i) write_text(ada, "wamid." + std::to_string(i), "hi");
    write_text(bob, "wamid.bob", "hi");
    for (int i = 0; i < 20; ++i) {  // the device has a rate, too
        work();
        world.clock.advance(100ms);
    }
    CHECK(http.requests.size() == 11);  // ten to ada, one to bob
    const auto asked = store.read([&](Snapshot& db) { return db.query("SELECT reason FROM turns WHERE outcome = 'no_reply'").all<std::string>(); });
    CHECK(asked == std::vector<std::string>{"loop limit"});
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: a process that starts takes over what dead ones of its host held", "[pipeline]") {
    write_text(ada, "wamid.1", "one");
    options.send_concurrency = 0;
    const auto die_and_start = [&] {
        store.write([&](Transaction& tx) {
            tx.execute("UPDATE workers SET boot_id = 'an earlier boot' WHERE id = $1", worker_id);
            worker_id = workers::enter(tx, a_cause, workers::this_process(), "all", limits());
        });
        options.send_concurrency = 32;
    };
    SECTION("a turn is computed anew, its attempt counted") {
        options.turn_concurrency = 0;
        one_round();
        AnswerCaches answering;
        const auto claim = [&] {
            return store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + 1h, worker_id, {8}); });
        };
        CHECK(claim().size() == 1);
        die_and_start();
        const auto again = claim();
        REQUIRE(again.size() == 1);
        CHECK(again[0].attempt == 2);
    }
    SECTION("what was being handed over is uncertain") {
        one_round();
        const auto claimed = store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + 1h, worker_id, limits()).sends; });
        REQUIRE(claimed.size() == 1);
        store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); });
        die_and_start();
        CHECK(send_states() == std::vector<std::string>{"uncertain 1"});
        work();
        CHECK(http.requests.empty());
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 2"});
        check_at_rest();
    }
}

TEST_CASE_METHOD(Pipeline, "hand-over: after its last attempt an uncertain send is held, whatever the device says", "[pipeline]") {
    options.send_attempts = 1;
    http.script = {no_answer};
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(options.uncertain_window + 1s);
    work();
    CHECK(send_states() == std::vector<std::string>{"held 1"});
    CHECK(reply().status == MessageStatus::held);
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "hand-over: the parts of a long text leave in order, each with an id of its own", "[pipeline]") {
    write_text(ada, "wamid.1", "what?");
    work();
    const std::string text = std::string(4000, 'a') + " " + std::string(1000, 'b');
    const auto type = [&] {
        const messages::OperatorMessage typed{device, all()[0].contact_id, {.text = text}, std::nullopt, "c-new", world.clock.now() + 1h};
        store.write([&](Transaction& tx) { messages::send_as_operator(tx, a_cause, typed); });
    };
    SECTION("and their statuses find the message") {
        type();
        work();
        CHECK(sent_texts() == std::vector<std::string>{std::string(4000, 'a'), std::string(1000, 'b')});
        CHECK(count("SELECT count(DISTINCT whatsapp_message_id_hash) FROM sends") == 2);
        CHECK(vault.open(*reply().whatsapp_message_id, messages::id_data) == "wamid.reply1");
        status("wamid.reply2", "delivered");
        work();
        CHECK(reply().status == MessageStatus::sent);  // the first part is no further
        status("wamid.reply1", "delivered");
        work();
        CHECK(reply().status == MessageStatus::delivered);
    }
    SECTION("the second waits until the first is clear") {
        http.script = {no_answer};
        type();
        work();
        CHECK(send_states() == std::vector<std::string>{"uncertain 1", "queued 1"});
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"held 1", "sent 1"});
        CHECK(reply().status == MessageStatus::held);
    }
    check_at_rest();
}
