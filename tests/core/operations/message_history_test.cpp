#include "core/operations/message_history.hpp"

#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

struct ToldPipeline : Pipeline {
    History history(MessageId id) {
        return store.read([&](Snapshot& db) { return messages::history_of(db, id, options.uncertain_window); });
    }
    Lines lines(MessageId id) {
        Lines out;
        for (const HistoryStep& step : history(id).steps) out.push_back(step.what + ": " + step.detail);
        return out;
    }
    MessageId first() { return all(Direction::incoming).at(0).id; }
};

}  // namespace

TEST_CASE_METHOD(ToldPipeline, "history: an answered message names the reply, a reply its question and every step", "[history]") {
    write_text(ada, "wamid.1", "hi");
    work();
    CHECK(lines(first()) == Lines{"received: text", "answered: message/2, by faq, rule 1 \"hi|hello\""});
    CHECK(lines(reply().id) == Lines{"queued: by faq, answers message/1: rule 1 \"hi|hello\"", "sent: send/1 part 1 attempt 1"});
    CHECK_FALSE(history(reply().id).is_final);
    status("wamid.reply1", "delivered");
    work();
    CHECK(history(reply().id).is_final);
    CHECK(lines(reply().id).back() == "delivered: reported by the provider");
}

TEST_CASE_METHOD(ToldPipeline, "history: the reason is told when there is no answer", "[history]") {
    const auto why = [&] {
        work();
        const History told = history(all(Direction::incoming).back().id);
        CHECK(told.is_final);
        return told.steps.back().what + ": " + told.steps.back().detail;
    };
    SECTION("no rule") {
        write_text(ada, "wamid.1", "what?");
        CHECK(why() == "not answered: by faq, no rule matched");
    }
    SECTION("an ignore rule") {
        store.write([&](Transaction& tx) { ignore_rules::create(tx, a_cause, vault, device, IgnoreRuleType::keyword, "lottery"); });
        write_text(ada, "wamid.1", "hi, lottery");
        CHECK(why() == "not answered: ignore rule 1, keyword \"lottery\"");
    }
    SECTION("a blocked contact") {
        write_text(ada, "wamid.1", "what?");
        work();
        store.write([&](Transaction& tx) { contacts::set_blocked(tx, a_cause, ContactId{1}, true); });
        write_text(ada, "wamid.2", "hi");
        CHECK(why() == "not answered: blocked: the contact is blocked");
    }
    SECTION("a reaction") {
        Json item = text_item(ada, "wamid.1", "");
        item["type"] = "reaction";
        item["reaction"] = {{"message_id", "wamid.0"}, {"emoji", "+"}};
        post(envelope("messages", item, "555000"));
        CHECK(why() == "not answered: reaction: needs no answer");
    }
    SECTION("nobody to ask") {
        store.write([&](Transaction& tx) { agents::detach(tx, a_cause, faq, device); });
        write_text(ada, "wamid.1", "hi");
        CHECK(why() == "not answered: no agent: none is attached to the device");
    }
}

TEST_CASE_METHOD(ToldPipeline, "history: what is pending says what it waits for", "[history]") {
    SECTION("the message before it") {
        write_text(ada, "wamid.1", "one");
        write_text(ada, "wamid.2", "two");
        http.script = {[](const HttpRequest&) { return graph_error(500, 131000); }};
        work();
        const auto replies = all(Direction::outgoing);
        REQUIRE(replies.size() == 2);
        CHECK(lines(replies[1].id).back() == "waiting: behind message/" + std::to_string(replies[0].id.value));
        CHECK(lines(replies[0].id).at(1) == "attempt failed: send/1 part 1 attempt 1: 131000: no; something went wrong at Meta (tried again)");
        CHECK(lines(replies[0].id).back().starts_with("waiting: attempt 2 at 2026-01-05T12:00:0"));
        CHECK_FALSE(history(replies[0].id).is_final);
    }
    SECTION("the device") {
        http.script = {[](const HttpRequest&) { return graph_error(401, 190); }};
        write_text(ada, "wamid.1", "hi");
        work();
        CHECK(lines(reply().id).back() == "waiting: device sales is in error: 190: no; wabot doctor shows what to do");
    }
    SECTION("the window of an uncertain send") {
        http.script = {[](const HttpRequest&) { return HttpFailure{true, "connection closed"}; }};
        write_text(ada, "wamid.1", "hi");
        work();
        CHECK(lines(reply().id).at(1).starts_with("uncertain: send/1 part 1 attempt 1: "));
        CHECK(lines(reply().id).back() == "waiting: uncertain until 2026-01-05T12:02:00Z, then sent again unless a status comes");
        CHECK_FALSE(history(reply().id).is_final);
    }
}

TEST_CASE_METHOD(ToldPipeline, "history: a provider's code is explained", "[history]") {
    http.script = {[](const HttpRequest&) { return graph_error(400, 131047); }};
    write_text(ada, "wamid.1", "hi");
    work();
    CHECK(history(reply().id).is_final);
    CHECK(lines(reply().id).back() ==
          "failed: send/1 part 1 attempt 1: 131047: no; more than 24 hours since the person wrote: only a template may go (for good)");
}

TEST_CASE_METHOD(ToldPipeline, "history: a message that is not there is an error", "[history]") {
    CHECK_THROWS(history(MessageId{9}));
}
