#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/messaging/receiving/inbox_drain.hpp"

#include <functional>

#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

/// Does something once, when bytes are first asked for: in the middle of what is being tested.
class InterruptingRandom final : public Random {
public:
    std::string bytes(std::size_t count) override {
        if (call) std::exchange(call, nullptr)();
        return random_.bytes(count);
    }
    std::function<void()> call;

private:
    FakeRandom random_;
};

}  // namespace

TEST_CASE_METHOD(Pipeline, "pipeline: a message is stored, answered by its rule and sent once", "[pipeline]") {
    write_text(ada, "wamid.1", "Hi there");
    work();
    REQUIRE(all().size() == 2);
    CHECK(all()[0].content == "Hi there");
    CHECK(vault.open(*all()[0].whatsapp_message_id, messages::id_data) == "wamid.1");
    CHECK(reply().content == "Hello!");
    CHECK(reply().status == MessageStatus::sent);
    CHECK(turn_of(all()[0].id).reason == "rule 1 \"hi|hello\"");
    CHECK(turn_of(all()[0].id).reply_message_id == reply().id);
    REQUIRE(http.requests.size() == 1);
    const Json body = Json::parse(http.requests[0].body);
    CHECK(body["to"] == "+12025550117");
    CHECK(body["biz_opaque_callback_data"] == std::to_string(reply().id.value) + ".1.1");
    CHECK_FALSE(body.contains("context"));
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: the same body is one row, the same message in another body a double", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    write_text(ada, "wamid.1", "hi");
    CHECK(last_appended == inbox::Appended::repeated);
    write_text(ada, "wamid.1", "hi, again");
    CHECK(last_appended == inbox::Appended::stored);
    work();
    CHECK(all(Direction::incoming).size() == 1);
    CHECK(http.requests.size() == 1);
    CHECK(store.read([&](Snapshot& db) { return inbox::items(db, last_event().id); }).at(0).state == "duplicate");
}

TEST_CASE_METHOD(Pipeline, "pipeline: a body verified by a secret that was changed meanwhile is not stored", "[pipeline]") {
    auto arrival = inbox::make_arrival(vault, "whatsapp", envelope("messages", text_item(ada, "wamid.1", "hi"), "555000").dump(), "r");
    arrival.verified_by = device;
    arrival.verified_revision = store.read([&](Snapshot& db) { return devices::find(db, device)->revision; });
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.secrets = {{"app_secret", "other"}}}); });
    CHECK(store.write([&](Transaction& tx) { return inbox::append(tx, arrival); }) == inbox::Appended::stale);
    CHECK(count("SELECT count(*) FROM inbox") == 0);
}

TEST_CASE_METHOD(Pipeline, "pipeline: messages of one contact are answered one by one, in order", "[pipeline]") {
    for (const char* word : {"one", "two", "three"}) write_text(ada, std::string("wamid.") + word, word);
    write_text(bob, "wamid.bob", "two");
    work();
    std::vector<std::string> to_ada;
    for (const auto& request : http.requests)
        if (const Json body = Json::parse(request.body); body["to"] == "+12025550117") to_ada.push_back(body["text"]["body"]);
    CHECK(to_ada == std::vector<std::string>{"1", "2", "3"});
    CHECK(http.requests.size() == 4);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a body that cannot be read is kept, a broken item does not keep the good ones back", "[pipeline]") {
    SECTION("unreadable") {
        auto arrival = inbox::make_arrival(vault, "whatsapp", "{\"object\": 1", "r");
        arrival.verified_by = device;
        arrival.verified_revision = store.read([&](Snapshot& db) { return devices::find(db, device)->revision; });
        store.write([&](Transaction& tx) { return inbox::append(tx, arrival); });
        work();
        CHECK(last_event().state == InboxState::quarantined);
        CHECK(last_event().error);
        store.write([&](Transaction& tx) { inbox::replay(tx, a_cause, last_event().id); });
        CHECK(last_event().state == InboxState::received);
    }
    SECTION("broken item") {
        Json broken = text_item(ada, "wamid.2", "two");
        broken.erase("id");
        post(envelope("messages", Json::array({text_item(ada, "wamid.1", "one"), broken, text_item(ada, "wamid.3", "three")}), "555000"));
        work();
        CHECK(last_event().state == InboxState::quarantined);
        CHECK(all(Direction::incoming).size() == 2);
        CHECK(sent_texts() == std::vector<std::string>{"1", "3"});
        SECTION("and replayed it gives nothing new") {
            store.write([&](Transaction& tx) { inbox::replay(tx, a_cause, last_event().id); });
            work();
            CHECK(last_event().state == InboxState::quarantined);
            CHECK(all(Direction::incoming).size() == 2);
            CHECK(http.requests.size() == 2);
        }
    }
}

TEST_CASE_METHOD(Pipeline, "pipeline: a message for an account without a device waits until there is one", "[pipeline]") {
    post(envelope("messages", text_item(ada, "wamid.1", "hi"), "777"));
    work();
    CHECK(last_event().state == InboxState::unrouted);
    CHECK(all().empty());
    const auto make = [&](const char* key, const char* secret) {
        DeviceChange change;
        change.key = key;
        change.options = {{"phone_number_id", "777"}};
        change.secrets = {{"access_token", "t"}, {"app_secret", secret}};
        return change;
    };
    store.write([&](Transaction& tx) {
        const auto stranger = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, make("stranger", "of-another-app")).id;
        agents::attach(tx, a_cause, faq, stranger);
    });
    work();
    CHECK(last_event().state == InboxState::unrouted);  // the first device's secret speaks for no device of another app
    store.write([&](Transaction& tx) {
        devices::remove(tx, a_cause, devices::get(tx, "stranger").id);
        const DeviceChange change = make("second", "secret");
        const auto second = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
        agents::attach(tx, a_cause, faq, second);
    });
    work();
    CHECK(last_event().state == InboxState::done);
    CHECK(sent_texts() == std::vector<std::string>{"Hello!"});
}

TEST_CASE_METHOD(Pipeline, "pipeline: a body whose device is made while it is read is read again", "[pipeline]") {
    post(envelope("messages", text_item(ada, "wamid.1", "hi"), "777"));
    DrainLog drain_log;
    InterruptingRandom random;
    random.call = [&] {
        store.write([&](Transaction& tx) {
            DeviceChange change;
            change.key = "second";
            change.options = {{"phone_number_id", "777"}};
            change.secrets = {{"access_token", "t"}, {"app_secret", "secret"}};
            devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change);
        });
    };
    CHECK_FALSE(blocking(drain_inbox(store.db(), vault, random, registry, drain_log, {1h, 1min})));
    CHECK_FALSE(random.call);
    CHECK(last_event().state == InboxState::received);
    CHECK(blocking(drain_inbox(store.db(), vault, random, registry, drain_log, {1h, 1min})) == 1);
    CHECK(last_event().state == InboxState::done);
}

TEST_CASE_METHOD(Pipeline, "pipeline: why there is no answer is written down", "[pipeline]") {
    const auto reason = [&] {
        work();
        CHECK(http.requests.empty());
        check_at_rest();
        return turn_of(all(Direction::incoming).back().id).reason.value_or("");
    };
    SECTION("no rule") {
        write_text(ada, "wamid.1", "what?");
        CHECK(reason() == "no rule matched");
    }
    SECTION("no agent") {
        store.write([&](Transaction& tx) { agents::detach(tx, a_cause, faq, device); });
        write_text(ada, "wamid.1", "hi");
        CHECK(reason().starts_with("no agent"));
    }
    SECTION("a blocked contact") {
        write_text(ada, "wamid.0", "what?");
        work();
        store.write([&](Transaction& tx) { contacts::set_blocked(tx, a_cause, all()[0].contact_id, true); });
        write_text(ada, "wamid.1", "hi");
        CHECK(reason() == "blocked");
    }
    SECTION("an ignore rule") {
        store.write([&](Transaction& tx) { ignore_rules::create(tx, a_cause, vault, device, IgnoreRuleType::keyword, "lottery"); });
        write_text(ada, "wamid.1", "hi, you won the lottery");
        CHECK(reason() == "ignore rule 1, keyword \"lottery\"");
    }
    SECTION("a person has taken over") {
        write_text(ada, "wamid.0", "what?");
        work();
        store.write([&](Transaction& tx) { conversations::hand_off(tx, a_cause, all()[0].conversation_id, Control::human, tx.now() + 1h); });
        write_text(ada, "wamid.1", "hi");
        CHECK(reason() == "human");
        SECTION("until the time is over") {
            world.clock.advance(2h);
            write_text(ada, "wamid.2", "hi");
            work();
            CHECK(sent_texts() == std::vector<std::string>{"Hello!"});
        }
    }
    SECTION("somebody wrote from the phone itself") {
        Json value = text_item("12025550100", "wamid.echo", "I am on it");
        value["to"] = ada;
        Json body = envelope("message_echoes", value, "555000");
        body["entry"][0]["changes"][0]["field"] = "smb_message_echoes";
        post(body);
        work();
        REQUIRE(all(Direction::outgoing).size() == 1);
        CHECK(all(Direction::outgoing)[0].sender_kind == SenderKind::user);
        write_text(ada, "wamid.1", "hi");
        CHECK(reason() == "human");
    }
}

TEST_CASE_METHOD(Pipeline, "pipeline: a person who takes over while the answer is computed has the word", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    options.turn_concurrency = 0;
    one_round();
    AnswerCaches answering;
    const auto claimed = store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + 1min, worker_id, {8}); });
    REQUIRE(claimed.size() == 1);
    const Decision decision = blocking(turns::decide(claimed[0]));
    CHECK(decision.outcome == TurnOutcome::replied);
    store.write([&](Transaction& tx) { conversations::hand_off(tx, a_cause, claimed[0].lane.id, Control::human, tx.now() + 1h); });
    store.write([&](Transaction& tx) { turns::finish(tx, a_cause, claimed[0], decision); });
    CHECK(turn_of(all()[0].id).outcome == TurnOutcome::suppressed);
    CHECK(all(Direction::outgoing).empty());
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a turn that fails is tried again, then dead, and the lane goes on", "[pipeline]") {
    options.turn_attempts = 2;
    store.write([&](Transaction& tx) { tx.execute("UPDATE agents SET config = '{\"rules\": 7}', revision = revision + 1"); });
    write_text(ada, "wamid.1", "one");
    work();
    CHECK_FALSE(turn_of(all()[0].id).outcome);
    CHECK(turn_of(all()[0].id).last_error);
    world.clock.advance(1min);
    work();
    CHECK(turn_of(all()[0].id).outcome == TurnOutcome::dead);
    CHECK(turn_of(all()[0].id).attempt == 2);
    store.write([&](Transaction& tx) {
        tx.execute("UPDATE agents SET config = '{\"rules\": [{\"pattern\": \"two\", \"response\": \"2\"}]}', revision = revision + 1");
    });
    write_text(ada, "wamid.2", "two");
    work();
    CHECK(sent_texts() == std::vector<std::string>{"2"});
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a finished turn of an expired lease writes nothing", "[pipeline]") {
    write_text(ada, "wamid.1", "hi");
    options.turn_concurrency = 0;
    one_round();
    AnswerCaches answering;
    const auto claimed = store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + 1min, worker_id, {8}); });
    REQUIRE(claimed.size() == 1);
    const Decision decision = blocking(turns::decide(claimed[0]));
    world.clock.advance(2min);
    store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); });
    options.turn_concurrency = 256;
    work();
    store.write([&](Transaction& tx) { turns::finish(tx, a_cause, claimed[0], decision); });
    CHECK(all(Direction::outgoing).size() == 1);
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: two bots that answer each other are stopped by the loop limit", "[pipeline]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"loop_limit", "3"}}}); });
    for (int i = 0; i < 5; ++i) write_text(ada, "wamid." + std::to_string(i), "hi");
    work();
    CHECK(http.requests.size() == 3);
    CHECK(turn_of(all(Direction::incoming).back().id).reason == "loop limit");
    world.clock.advance(61s);
    write_text(ada, "wamid.later", "hi");
    work();
    CHECK(http.requests.size() == 4);
    check_at_rest();
}

TEST_CASE_METHOD(Pipeline, "pipeline: a quoting agent names the message it answers, and a group is answered in the group", "[pipeline]") {
    store.write([&](Transaction& tx) { agents::update(tx, a_cause, faq, {.quote = true}); });
    Json item = text_item(ada, "wamid.1", "hi");
    SECTION("quote") {
        post(envelope("messages", item, "555000"));
        work();
        CHECK(Json::parse(http.requests.at(0).body)["context"]["message_id"] == "wamid.1");
    }
    SECTION("group") {
        item["group_id"] = "group-1";
        post(envelope("messages", item, "555000"));
        work();
        const Json body = Json::parse(http.requests.at(0).body);
        CHECK(body["recipient_type"] == "group");
        CHECK(body["to"] == "group-1");
        CHECK(all()[0].author_contact_id);
    }
}
