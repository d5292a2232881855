#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "core/agents/agents.hpp"
#include "core/base/error.hpp"
#include "core/contacts/contacts.hpp"
#include "core/contacts/ignore_rules.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/inbox.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sends.hpp"
#include "core/messaging/turns.hpp"
#include "core/messaging/worker.hpp"
#include "core/messaging/workers.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/http.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* ada = "12025550117";
constexpr const char* bob = "12025550118";

HttpOutcome graph_ok(const std::string& id) {
    return HttpAnswer{200, {}, Json{{"messaging_product", "whatsapp"}, {"messages", Json::array({Json{{"id", id}}})}}.dump()};
}

HttpOutcome graph_error(int status, int code) {
    return HttpAnswer{status, {}, Json{{"error", {{"message", "no"}, {"code", code}}}}.dump()};
}

Json envelope(const char* member, const Json& item, const std::string& number_id) {
    Json value{{"messaging_product", "whatsapp"}, {"metadata", {{"display_phone_number", "12025550100"}, {"phone_number_id", number_id}}}};
    value[member] = item.is_array() ? item : Json::array({item});
    return {{"object", "whatsapp_business_account"},
            {"entry", Json::array({{{"id", "1"}, {"changes", Json::array({{{"field", "messages"}, {"value", value}}})}}})}};
}

Json text_item(const char* from, const std::string& id, const std::string& text) {
    return {{"from", from}, {"id", id}, {"timestamp", "1795300000"}, {"type", "text"}, {"text", {{"body", text}}}};
}

/// A store with a whatsapp device and a rule agent, a scripted Graph API, and one worker that moves round by round.
struct Pipeline {
    Pipeline() {
        http.otherwise = [this](const HttpRequest&) { return graph_ok("wamid.reply" + std::to_string(++accepted)); };
        store.write([&](Transaction& tx) {
            DeviceChange change;
            change.key = "sales";
            change.options = {{"phone_number_id", "555000"}};
            change.secrets = {{"access_token", "token"}, {"app_secret", "secret"}};
            device = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
            AgentChange agent;
            agent.key = "faq";
            agent.rules = std::vector<Rule>{{"hi|hello", "Hello!"}, {"one", "1"}, {"two", "2"}, {"three", "3"}};
            faq = agents::create(tx, a_cause, AgentType::rule_based, agent).id;
            agents::attach(tx, a_cause, faq, device);
            worker_id = workers::enter(tx, a_cause, workers::this_process(), "all", limits());
        });
    }

    sends::Limits limits() const { return {options.send_attempts, options.uncertain_window}; }

    void post(const Json& body) {
        auto arrival = inbox::make_arrival(vault, "whatsapp", body.dump(), "r");
        arrival.verified_by = device;
        arrival.verified_revision = store.read([&](Snapshot& db) { return devices::find(db, device)->revision; });
        last_appended = store.write([&](Transaction& tx) { return inbox::append(tx, arrival); });
    }
    void write_text(const char* from, const std::string& id, const std::string& text) {
        post(envelope("messages", text_item(from, id, text), "555000"));
    }
    void status(const std::string& id, const std::string& word, const std::string& opaque = {}) {
        Json item{{"id", id}, {"status", word}, {"timestamp", "1795300001"}, {"recipient_id", ada}};
        if (!opaque.empty()) item["biz_opaque_callback_data"] = opaque;
        if (word == "failed") item["errors"] = Json::array({{{"code", 131026}, {"title", "Message undeliverable"}}});
        post(envelope("statuses", item, "555000"));
    }

    /// Rounds until nothing is due; the agents' and the device's configuration is looked up anew each time.
    void work() {
        while (one_round() > 0) continue;
    }
    std::size_t one_round() {
        asio::io_context context(1);
        Worker worker({store.db(), vault, world.world, http, directory, metrics}, options, worker_id, context.get_executor());
        std::size_t done = 0;
        auto run = [&]() -> asio::awaitable<void> { done = co_await worker.round(); };
        asio::co_spawn(context, run(), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context.run();
        return done;
    }

    std::vector<Message> all(std::optional<Direction> direction = std::nullopt) {
        auto found = store.read([&](Snapshot& db) { return messages::list(db, {.direction = direction}, 1000, std::nullopt); });
        std::reverse(found.begin(), found.end());
        return found;
    }
    Message reply() {
        const auto replies = all(Direction::outgoing);
        REQUIRE(replies.size() == 1);
        return replies.front();
    }
    std::vector<std::string> send_states() {
        return store.read([](Snapshot& db) { return db.query("SELECT state || ' ' || attempt FROM sends ORDER BY id").all<std::string>(); });
    }
    std::vector<std::string> sent_texts() const {
        std::vector<std::string> out;
        for (const auto& request : http.requests) out.push_back(Json::parse(request.body)["text"]["body"]);
        return out;
    }
    Turn turn_of(MessageId id) {
        const auto turn = store.read([&](Snapshot& db) { return turns::find_of_message(db, id); });
        REQUIRE(turn);
        return *turn;
    }
    std::int64_t count(const std::string& sql) {
        return store.read([&](Snapshot& db) { return db.query(sql).one<std::int64_t>(); });
    }
    InboxRow last_event() {
        return store.read([](Snapshot& db) { return inbox::list(db, std::nullopt, 1, std::nullopt); }).at(0);
    }
    /// Nothing runs, nothing is pending and the counters agree with the rows.
    void check_at_rest() {
        CHECK(
            count(
                "SELECT count(*) FROM conversations WHERE turn_state <> 'idle' OR send_state <> 'idle' OR turn_pending <> 0 OR send_pending <> 0") ==
            0);
        CHECK(count("SELECT count(*) FROM sends WHERE state IN ('queued', 'claimed', 'handing_over', 'uncertain')") == 0);
        CHECK(count("SELECT count(*) FROM turns WHERE outcome IS NULL") == 0);
    }

    FakeWorld world;
    ScratchStore store{world.clock};
    Vault vault{std::string(64, '7'), world.random};
    FakeHttp http;
    Directory directory{vault, {}};
    Metrics metrics;
    WorkerOptions options;
    DeviceId device;
    AgentId faq;
    WorkerId worker_id;
    int accepted = 0;
    inbox::Appended last_appended = inbox::Appended::stale;
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
    CHECK(store.read([&](Snapshot& db) { return inbox::items(db, last_event().id); }).at(0).state == "double");
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
    store.write([&](Transaction& tx) {
        DeviceChange change;
        change.key = "second";
        change.options = {{"phone_number_id", "777"}};
        change.secrets = {{"access_token", "t"}};
        const auto second = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
        agents::attach(tx, a_cause, faq, second);
    });
    work();
    CHECK(last_event().state == InboxState::done);
    CHECK(sent_texts() == std::vector<std::string>{"Hello!"});
}

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
    const std::string opaque = std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1";

    SECTION("a status that carries our id settles it, and nothing is repeated") {
        status("wamid.out", "sent", opaque);
        work();
        CHECK(send_states() == std::vector<std::string>{"sent 1", "sent 1"});
        CHECK(sent_texts() == std::vector<std::string>{"1", "2"});
        CHECK(all(Direction::outgoing)[0].status == MessageStatus::sent);
        check_at_rest();
    }
    SECTION("after its window it is sent anew, before the next one") {
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 1", "sent 2"});
        CHECK(sent_texts() == std::vector<std::string>{"1", "1", "2"});
        check_at_rest();
        SECTION("and a status that comes later makes the double known") {
            status("wamid.out", "delivered", opaque);
            work();
            CHECK(count("SELECT count(*) FROM sends WHERE doubled_at IS NOT NULL") == 1);
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
    const std::string opaque = std::to_string(reply().id.value) + ".1.1";
    world.clock.advance(options.uncertain_window + 1s);
    store.write([&](Transaction& tx) { tx.execute("UPDATE devices SET status = 'error'"); });
    store.write([&](Transaction& tx) {
        tx.execute("UPDATE sends SET state = 'failed', settled_by = 'window'");
        tx.execute(
            "INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, content, on_uncertain, created_at, updated_at) "
            "SELECT message_id, conversation_id, device_id, part, 2, content, on_uncertain, created_at, updated_at FROM sends");
    });
    status("wamid.out", "delivered", opaque);
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
        store.write([&](Transaction& tx) { workers::rescue(tx, a_cause, limits()); });
    };
    SECTION("a turn") {
        write_text(ada, "wamid.1", "one");
        options.turn_concurrency = 0;
        one_round();
        Answering answering;
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
    const auto rescue = [&] { store.write([&](Transaction& tx) { workers::rescue(tx, a_cause, limits()); }); };

    SECTION("a living lease is respected") {
        rescue();
        work();
        CHECK(http.requests.empty());
        CHECK(send_states() == std::vector<std::string>{"claimed 1"});
    }
    SECTION("claimed") {
        world.clock.advance(options.lease + 1s);
        rescue();
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
        rescue();
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
        CHECK(store.read([&](Snapshot& db) { return messages::timeline(db, reply().id); }).size() == 6);
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
    Answering answering;
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
    Answering answering;
    const auto claimed = store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + 1min, worker_id, {8}); });
    REQUIRE(claimed.size() == 1);
    const Decision decision = blocking(turns::decide(claimed[0]));
    world.clock.advance(2min);
    store.write([&](Transaction& tx) { workers::rescue(tx, a_cause, limits()); });
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
