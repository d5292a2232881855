#include "core/messaging/sending/statuses.hpp"
#include "core/base/clock.hpp"

#include "core/messaging/sending/compose.hpp"
#include "core/operations/message_history.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

HttpOutcome no_answer(const HttpRequest&) {
    return HttpFailure{true, "connection closed before an answer"};
}

struct Statuses : Pipeline {
    void report(Json item) {
        item.emplace("timestamp", "1795300001");
        item.emplace("recipient_id", ada);
        post(envelope("statuses", item, "555000"));
        work();
    }
    void report(const std::string& id, const std::string& word) { report(Json{{"id", id}, {"status", word}}); }
    void fail(const std::string& id, int code) {
        report(Json{{"id", id}, {"status", "failed"}, {"errors", Json::array({{{"code", code}, {"title", "no"}}})}});
    }
    /// A message of three parts, typed by a person.
    void type_three() {
        write_text(ada, "wamid.1", "what?");
        work();
        http.requests.clear();
        accepted = 0;
        const std::string text = std::string(4000, 'a') + " " + std::string(4000, 'b') + " " + std::string(1000, 'c');
        const messages::OperatorMessage typed{device, all()[0].contact_id, {.text = text}, std::nullopt, "c-new", world.clock.now() + 1h};
        store.write([&](Transaction& tx) { messages::send_as_operator(tx, a_cause, typed); });
    }
    /// The last message that is ours.
    Message last() { return all(Direction::outgoing).back(); }
    std::vector<HistoryStep> steps() {
        return store.read([&](Snapshot& db) { return messages::history_of(db, last().id, options.uncertain_window).steps; });
    }
    bool tells(const std::string& what, const std::string& text) {
        const auto all_steps = steps();
        return std::ranges::any_of(all_steps,
                                   [&](const HistoryStep& step) { return step.what == what && step.detail.find(text) != std::string::npos; });
    }
};

}  // namespace

TEST_CASE_METHOD(Statuses, "statuses: a message of several parts is as far as the least of them", "[statuses]") {
    type_three();
    work();
    CHECK(last().status == MessageStatus::sent);
    report("wamid.reply2", "delivered");
    CHECK(last().status == MessageStatus::sent);
    report("wamid.reply1", "read");
    CHECK(last().status == MessageStatus::sent);
    report("wamid.reply3", "delivered");
    CHECK(last().status == MessageStatus::delivered);
    report("wamid.reply3", "read");
    report("wamid.reply2", "read");
    CHECK(last().status == MessageStatus::read);
    report("wamid.reply2", "delivered");
    CHECK(last().status == MessageStatus::read);
    check_at_rest();
}

TEST_CASE_METHOD(Statuses, "statuses: a part that the provider reports failed fails the message and says why", "[statuses]") {
    type_three();
    work();
    report("wamid.reply1", "delivered");
    fail("wamid.reply2", 131026);
    CHECK(last().status == MessageStatus::failed);
    REQUIRE(last().error);
    CHECK(Json::parse(last().error->text)["code"] == "131026");
    report("wamid.reply3", "delivered");
    CHECK(last().status == MessageStatus::failed);
    CHECK(tells("failed", "no WhatsApp at that number"));
}

TEST_CASE_METHOD(Statuses, "statuses: a part that is refused fails the message, the parts behind it go on", "[statuses]") {
    http.script = {[](const HttpRequest&) { return graph_ok("wamid.first"); }, [](const HttpRequest&) { return graph_error(400, 131026); }};
    type_three();
    work();
    CHECK(send_states() == std::vector<std::string>{"sent 1", "failed 1", "sent 1"});
    CHECK(last().status == MessageStatus::failed);
    report("wamid.first", "read");
    CHECK(last().status == MessageStatus::failed);
    check_at_rest();
}

TEST_CASE_METHOD(Statuses, "statuses: an uncertain part in the middle is what the message shows, whatever is said of the others", "[statuses]") {
    type_three();
    http.script = {[](const HttpRequest&) { return graph_ok("wamid.first"); }, no_answer};
    work();
    CHECK(last().status == MessageStatus::uncertain);
    report("wamid.first", "delivered");
    CHECK(last().status == MessageStatus::uncertain);
    const std::string callback_token = std::to_string(last().id.value) + ".2.1";
    SECTION("a status settles it, and the last part goes") {
        report(Json{{"id", "wamid.second"}, {"status", "delivered"}, {"biz_opaque_callback_data", callback_token}});
        CHECK(last().status == MessageStatus::sent);
        report("wamid.reply1", "delivered");
        CHECK(last().status == MessageStatus::delivered);
        check_at_rest();
    }
    SECTION("a status that it failed fails the message") {
        report(Json{{"id", "wamid.second"},
                    {"status", "failed"},
                    {"biz_opaque_callback_data", callback_token},
                    {"errors", Json::array({{{"code", 131049}, {"title", "no"}}})}});
        CHECK(last().status == MessageStatus::failed);
        CHECK(tells("failed", "24 hours"));
    }
    SECTION("after its window a person decides, and what was delivered does not hide it") {
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(last().status == MessageStatus::held);
        report("wamid.reply1", "delivered");
        CHECK(last().status == MessageStatus::held);
    }
}

TEST_CASE_METHOD(Statuses, "statuses: those of a part that come before its answer wait for it", "[statuses]") {
    type_three();
    report("wamid.reply2", "delivered");
    report("wamid.reply2", "read");
    CHECK(last().status == MessageStatus::sent);
    report("wamid.reply1", "read");
    report("wamid.reply3", "delivered");
    CHECK(last().status == MessageStatus::delivered);
    CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 0);
}

TEST_CASE_METHOD(Statuses, "statuses: an attempt that arrives after all counts, whatever became of the others of its part", "[statuses]") {
    http.script = {no_answer};
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(options.uncertain_window + 1s);
    work();
    CHECK(send_states() == std::vector<std::string>{"failed 1", "sent 2"});
    const std::string callback_token = std::to_string(reply().id.value) + ".1.1";
    report("wamid.reply1", "delivered");
    report(Json{{"id", "wamid.late"},
                {"status", "failed"},
                {"biz_opaque_callback_data", callback_token},
                {"errors", Json::array({{{"code", 131026}, {"title", "no"}}})}});
    CHECK(reply().status == MessageStatus::delivered);
    report("wamid.reply1", "read");
    CHECK(reply().status == MessageStatus::read);
    check_at_rest();
}

TEST_CASE_METHOD(Statuses, "statuses: each participant of a group has his own, and one whom it did not reach fails nothing", "[statuses]") {
    write_text(ada, "wamid.1", "hi");
    work();
    const auto of = [&](const char* participant, const std::string& word) {
        Json item{{"id", "wamid.reply1"},
                  {"status", word},
                  {"recipient_id", "GROUP-77"},
                  {"recipient_type", "group"},
                  {"recipient_participant_id", participant}};
        if (word == "failed") item["errors"] = Json::array({{{"code", 131026}, {"title", "no"}}});
        report(item);
    };
    of(bob, "failed");
    CHECK(reply().status == MessageStatus::sent);
    of(ada, "delivered");
    of(bob, "delivered");
    of(bob, "delivered");
    CHECK(reply().status == MessageStatus::delivered);
    CHECK(count("SELECT count(*) FROM message_statuses") == 3);
    // Without a name it is of the group as a whole.
    report(Json{{"id", "wamid.reply1"}, {"status", "read"}, {"recipient_id", "GROUP-77"}, {"recipient_type", "group"}});
    CHECK(reply().status == MessageStatus::read);
}

TEST_CASE_METHOD(Statuses, "statuses: a word nobody knows is kept in the timeline and moves nothing", "[statuses]") {
    write_text(ada, "wamid.1", "hi");
    work();
    report("wamid.reply1", "deleted");
    CHECK(reply().status == MessageStatus::sent);
    CHECK(tells("deleted", "reported by the provider"));
}

TEST_CASE_METHOD(Statuses, "statuses: a failure after it was sent is told with the meaning of its code, and without steps of ours", "[statuses]") {
    write_text(ada, "wamid.1", "hi");
    work();
    report("wamid.reply1", "sent");
    const auto [code, meaning] = GENERATE(table<int, std::string>(
        {{131047, "only a template may go"}, {131049, "24 hours"}, {131050, "no marketing"}, {131000, "something went wrong at Meta"}}));
    fail("wamid.reply1", code);
    CHECK(reply().status == MessageStatus::failed);
    CHECK(tells("failed", meaning));
    CHECK_FALSE(tells("failed", "tried again"));
    check_at_rest();
}

TEST_CASE_METHOD(Statuses, "statuses: what the provider takes for a message is in its timeline", "[statuses]") {
    write_text(ada, "wamid.1", "hi");
    work();
    report(Json{{"id", "wamid.reply1"},
                {"status", "sent"},
                {"pricing", {{"billable", false}, {"pricing_model", "PMP"}, {"category", "service"}, {"type", "free_customer_service"}}}});
    CHECK(tells("sent", "reported by the provider: service, free_customer_service, not billed"));
    report(Json{{"id", "wamid.reply1"}, {"status", "delivered"}, {"pricing", "odd"}});
    CHECK(reply().status == MessageStatus::delivered);
}

TEST_CASE_METHOD(Statuses, "statuses: of an id that is nobody's they are kept, without end and without harm", "[statuses]") {
    report("wamid.of-another", "delivered");
    report("wamid.of-another", "delivered");
    CHECK(count("SELECT count(*) FROM message_statuses WHERE message_id IS NULL") == 1);
    CHECK(last_event().state == InboxState::done);
}
