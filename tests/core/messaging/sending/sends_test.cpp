#include "core/base/clock.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/operations/message_history.hpp"
#include "core/queue/pauses.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(Pipeline, "pipeline: a temporary refusal is tried again after its back-off", "[pipeline]") {
    http.script = {[](const HttpRequest&) { return graph_error(500, 131000); }};
    write_text(ada, "wamid.1", "hi");
    work();
    CHECK(send_states() == std::vector<std::string>{"queued 2"});
    CHECK(reply().status == MessageStatus::queued);
    work();
    CHECK(http.requests.size() == 1);
    world.clock.advance(3s);
    work();
    CHECK(reply().status == MessageStatus::sent);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a refusal for good fails the message, and the next one goes on", "[pipeline]") {
    http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
    write_text(ada, "wamid.1", "one");
    write_text(ada, "wamid.2", "two");
    work();
    CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 1"});
    const auto replies = all(Direction::outgoing);
    CHECK(replies[0].status == MessageStatus::failed);
    REQUIRE(replies[0].error);
    CHECK(Json::parse(replies[0].error->text)["code"] == "131026");
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: the last attempt of a temporary refusal fails the message", "[pipeline]") {
    options.send_attempts = 2;
    http.otherwise = [](const HttpRequest&) { return graph_error(500, 131000); };
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(1h);
    work();
    CHECK(send_states() == std::vector<std::string>{"failed 2"});
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a refused token stops the device with its queue untouched until there is a new one", "[pipeline]") {
    http.script = {[](const HttpRequest&) { return graph_error(401, 190); }};
    write_text(ada, "wamid.1", "one");
    work();
    write_text(bob, "wamid.2", "two");
    work();
    world.clock.advance(1h);
    work();
    const auto stopped = store.read([&](Snapshot& db) { return *devices::find(db, device); });
    CHECK(stopped.status == DeviceStatus::error);
    CHECK(stopped.error_kind == DeviceErrorKind::send_refused);
    CHECK(stopped.last_error);
    CHECK(send_states() == std::vector<std::string>{"queued 1", "queued 1"});
    CHECK(http.requests.size() == 1);
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.secrets = {{"access_token", "new"}}}); });
    world.clock.advance(10s);
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 1"});
    CHECK(http.requests.back().headers != http.requests.front().headers);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a send without a clear answer is uncertain and keeps the next one back", "[pipeline]") {
    http.script = {[](const HttpRequest&) -> HttpOutcome { return HttpFailure{true, "connection closed before an answer"}; }};
    write_text(ada, "wamid.1", "one");
    work();
    write_text(ada, "wamid.2", "two");
    work();
    CHECK(send_states() == std::vector<std::string>{"uncertain 1", "queued 1"});
    CHECK(all(Direction::outgoing)[0].status == MessageStatus::uncertain);
    const std::string callback_token = std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1";

    SECTION("a status that carries our id settles it, and nothing is repeated") {
        status("wamid.out", "sent", callback_token);
        work();
        CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 1"});
        CHECK(sent_texts() == std::vector<std::string>{"1", "2"});
        CHECK(all(Direction::outgoing)[0].status == MessageStatus::sent);
        check_at_rest();
    }
    SECTION("a status that came within the window and is not read yet is waited for") {
        store.write([&](Transaction& tx) { pauses::pause(tx, a_cause, QueueName::inbox); });
        status("wamid.out", "sent", callback_token);
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"uncertain 1", "queued 1"});
        store.write([&](Transaction& tx) { pauses::resume(tx, a_cause, QueueName::inbox); });
        work();
        CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 1"});
        CHECK(sent_texts() == std::vector<std::string>{"1", "2"});
        check_at_rest();
    }
    SECTION("after its window it is sent anew, before the next one") {
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 1", "sent 2"});
        CHECK(sent_texts() == std::vector<std::string>{"1", "1", "2"});
        check_at_rest();
        SECTION("and a status that comes later makes the double known") {
            status("wamid.out", "delivered", callback_token);
            work();
            CHECK(count("SELECT count(*) FROM sends WHERE duplicate_at IS NOT NULL") == 1);
            check_at_rest();
        }
    }
    SECTION("where the device says hold, it waits for a person and the next one goes on") {
        store.write([&](Transaction& tx) { tx.execute("UPDATE sends SET on_uncertain = 'hold'"); });
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"held 1", "sent 1"});
        CHECK(all(Direction::outgoing)[0].status == MessageStatus::held);
        CHECK(sent_texts() == std::vector<std::string>{"1", "2"});
        check_at_rest();
    }
}

TEST_CASE_METHOD(Pipeline, "pipeline: a provider that never answers clearly gets no more than three attempts", "[pipeline]") {
    http.otherwise = [](const HttpRequest&) -> HttpOutcome { return HttpFailure{true, "connection closed before an answer"}; };
    write_text(ada, "wamid.1", "one");
    for (int i = 0; i < 6; ++i) {
        work();
        world.clock.advance(options.uncertain_window + 1s);
    }
    CHECK(send_states() == std::vector<std::string>{"failed 1", "failed 2", "held 3"});
    CHECK(http.requests.size() == 3);
    CHECK(reply().status == MessageStatus::held);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a status that comes after its window cancels the repeat that did not go yet", "[pipeline]") {
    http.script = {[](const HttpRequest&) -> HttpOutcome { return HttpFailure{true, "connection closed before an answer"}; }};
    write_text(ada, "wamid.1", "one");
    work();
    const std::string callback_token = std::to_string(reply().id.value) + ".1.1";
    world.clock.advance(options.uncertain_window + 1s);
    store.write([&](Transaction& tx) { tx.execute("UPDATE devices SET status = 'error'"); });
    store.write([&](Transaction& tx) {
        tx.execute("UPDATE sends SET state = 'failed', settled_by = 'window'");
        tx.execute(
            "INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, content, on_uncertain, created_at, updated_at) "
            "SELECT message_id, conversation_id, device_id, part, 2, content, on_uncertain, created_at, updated_at FROM sends");
    });
    status("wamid.out", "delivered", callback_token);
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1", "cancelled 2"});
    CHECK(reply().status == MessageStatus::delivered);
    CHECK(http.requests.size() == 1);
}

TEST_CASE_METHOD(Pipeline, "pipeline: what kills its workers is dead after its attempts", "[pipeline]") {
    options.send_attempts = 2;
    options.turn_attempts = 2;
    const auto die = [&] {
        world.clock.advance(options.lease + 1s);
        store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); });
    };
    SECTION("a turn") {
        write_text(ada, "wamid.1", "one");
        options.turn_concurrency = 0;
        one_round();
        AnswerCaches answering;
        const auto claim = [&] {
            return store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + 1min, worker_id, {2}); }).size();
        };
        CHECK(claim() == 1);
        die();
        CHECK(claim() == 1);
        die();
        CHECK(claim() == 0);
        CHECK(turn_of(all()[0].id).outcome == TurnOutcome::dead);
    }
    SECTION("a send") {
        write_text(ada, "wamid.1", "one");
        options.send_concurrency = 0;
        one_round();
        const auto claim = [&] {
            return store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()); })
                .sends.size();
        };
        CHECK(claim() == 1);
        die();
        CHECK(claim() == 1);
        die();
        CHECK(claim() == 0);
        CHECK(reply().status == MessageStatus::failed);
    }
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: what a dead worker had claimed is queued again, what it was handing over is uncertain", "[pipeline]") {
    write_text(ada, "wamid.1", "one");
    options.send_concurrency = 0;  // this worker answers turns only
    one_round();
    const auto claimed =
        store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()).sends; });
    REQUIRE(claimed.size() == 1);
    options.send_concurrency = 32;
    const auto reclaim = [&] { store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); }); };

    SECTION("a living lease is respected") {
        reclaim();
        work();
        CHECK(http.requests.empty());
        CHECK(send_states() == std::vector<std::string>{"claimed 1"});
    }
    SECTION("claimed") {
        world.clock.advance(options.lease + 1s);
        reclaim();
        CHECK(send_states() == std::vector<std::string>{"queued 2"});
        SECTION("its late outcome is fenced") {
            CHECK_THROWS_AS(store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); }), Error);
            store.write([&](Transaction& tx) { sends::record_sent(tx, a_cause, claimed[0], vault.seal("wamid.late", messages::id_data)); });
            CHECK(send_states() == std::vector<std::string>{"queued 2"});
        }
        work();
        CHECK(sent_texts() == std::vector<std::string>{"1"});
        check_at_rest();
    }
    SECTION("handing over") {
        store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); });
        world.clock.advance(options.lease + 1s);
        reclaim();
        CHECK(send_states() == std::vector<std::string>{"uncertain 1"});
        work();
        CHECK(http.requests.empty());
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(sent_texts() == std::vector<std::string>{"1"});
        check_at_rest();
    }
    SECTION("a process that starts on the same host releases what a dead one held at once") {
        store.write([&](Transaction& tx) {
            tx.execute("UPDATE workers SET boot_id = 'an earlier boot' WHERE id = $1", worker_id);
            workers::enter(tx, a_cause, workers::this_process(), "all", limits());
        });
        CHECK(send_states() == std::vector<std::string>{"queued 2"});
    }
}

TEST_CASE_METHOD(Pipeline, "pipeline: statuses move the message forward only, early ones wait for their message", "[pipeline]") {
    SECTION("in any order") {
        write_text(ada, "wamid.1", "hi");
        work();
        status("wamid.reply1", "read");
        status("wamid.reply1", "delivered");
        status("wamid.reply1", "sent");
        status("wamid.reply1", "failed");
        work();
        CHECK(reply().status == MessageStatus::read);
        CHECK(store.read([&](Snapshot& db) { return messages::history_of(db, reply().id, options.uncertain_window); }).steps.size() == 6);
    }
    SECTION("before the answer to our call") {
        status("wamid.reply1", "delivered");
        work();
        CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 1);
        write_text(ada, "wamid.1", "hi");
        work();
        CHECK(reply().status == MessageStatus::delivered);
        CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 0);
    }
    SECTION("a failure says why") {
        write_text(ada, "wamid.1", "hi");
        work();
        status("wamid.reply1", "failed");
        work();
        CHECK(reply().status == MessageStatus::failed);
        REQUIRE(reply().error);
        CHECK(Json::parse(reply().error->text)["code"] == "131026");

        // No work of ours is left of it: it is found among the messages, and counted for doctor.
        const auto failed_since = [&](Time since) { return store.read([&](Snapshot& db) { return statuses::count_failed(db, since); }); };
        const auto failed = store.read([](Snapshot& db) { return messages::list(db, {.status = MessageStatus::failed}, {.limit = 10}); });
        REQUIRE(failed.size() == 1);
        CHECK(failed[0].id == reply().id);
        CHECK(failed_since(world.clock.now() - 1s) == 1);
        CHECK(failed_since(world.clock.now()) == 0);
    }
    SECTION("what was refused at once is a dead letter, and no such message") {
        http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
        write_text(ada, "wamid.1", "hi");
        work();
        CHECK(reply().status == MessageStatus::failed);
        CHECK(store.read([&](Snapshot& db) { return statuses::count_failed(db, world.clock.now() - 1s); }) == 0);
    }
    SECTION("twice is once") {
        write_text(ada, "wamid.1", "hi");
        work();
        status("wamid.reply1", "delivered");
        Json again =
            envelope("statuses", Json{{"id", "wamid.reply1"}, {"status", "delivered"}, {"timestamp", "1795300009"}, {"recipient_id", ada}}, "555000");
        post(again);
        work();
        CHECK(count("SELECT count(*) FROM message_statuses") == 1);
    }
}

TEST_CASE("messages: which status follows which", "[pipeline]") {
    using S = MessageStatus;
    const auto [from, to, moves] = GENERATE(table<S, S, bool>({{S::queued, S::sent, true},
                                                               {S::uncertain, S::sent, true},
                                                               {S::held, S::delivered, true},
                                                               {S::sent, S::delivered, true},
                                                               {S::delivered, S::sent, false},
                                                               {S::read, S::delivered, false},
                                                               {S::delivered, S::read, true},
                                                               {S::read, S::played, true},
                                                               {S::played, S::read, false},
                                                               {S::sent, S::failed, true},
                                                               {S::delivered, S::failed, false},
                                                               {S::failed, S::sent, false},
                                                               {S::failed, S::read, false},
                                                               {S::cancelled, S::sent, false},
                                                               {S::received, S::read, false}}));
    CAPTURE(to_word(from), to_word(to));
    CHECK(messages::advances(from, to) == moves);
}

TEST_CASE_METHOD(Pipeline, "pipeline: sends are paced by their device", "[pipeline]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "1"}}}); });
    write_text(ada, "wamid.1", "one");
    write_text(bob, "wamid.2", "two");
    work();
    CHECK(http.requests.size() == 1);
    world.clock.advance(1100ms);
    work();
    CHECK(http.requests.size() == 2);
    check_at_rest();
}
