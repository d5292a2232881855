#include "core/operations/activity_feed.hpp"
#include "core/base/clock.hpp"

#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> kinds_of(const std::vector<ActivityEvent>& events) {
    std::vector<std::string> kinds;
    for (const ActivityEvent& happening : events) kinds.push_back(happening.kind);
    return kinds;
}

struct FedPipeline : Pipeline {
    std::vector<ActivityEvent> last(Feed& feed, std::size_t count = 1000) {
        return store.read([&](Snapshot& db) { return feed.last(db, count); });
    }
    Feed::News news(Feed& feed) {
        return store.read([&](Snapshot& db) { return feed.next(db); });
    }
};

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(FedPipeline, "feed: a message is told from the webhook to the send, without its text or whole number", "[feed]") {
    Feed feed({.topics = {Topic::webhooks, Topic::messages, Topic::jobs}});
    last(feed, 0);
    write_text(ada, "wamid.1", "hi");
    work();
    const auto told = news(feed).events;
    REQUIRE(kinds_of(told) == Kinds{"message.received", "message.queued", "send.sent", "webhook.received"});
    CHECK(told[0].what == "text from ••••••0117");
    CHECK(told[1].what == "reply to ••••••0117 by faq, answers message/1: rule 1 \"hi|hello\"");
    CHECK(told[2].object == "send/1");
    CHECK(told[3].what == "1 message");
    for (const ActivityEvent& happening : told) CHECK(happening.device == "sales");
    CHECK(news(feed).events.empty());
}

TEST_CASE_METHOD(FedPipeline, "feed: what went before is told as it was told when it happened", "[feed]") {
    Feed live({.topics = {Topic::messages, Topic::jobs}, .device = device});
    last(live, 0);
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(1s);
    write_text(bob, "wamid.2", "what?");
    work();
    const auto told = news(live).events;
    CHECK(kinds_of(told) == Kinds{"message.received", "message.queued", "send.sent", "message.received", "turn.no_reply"});
    CHECK(told.back().what == "message/3: no rule matched");
    Feed later({.topics = {Topic::messages, Topic::jobs}, .device = device});
    CHECK(kinds_of(last(later)) == kinds_of(told));
    CHECK(kinds_of(last(later, 2)) == Kinds{"message.received", "turn.no_reply"});
    CHECK(news(later).events.empty());
}

TEST_CASE_METHOD(FedPipeline, "feed: a refused send is told with its code, its repeat when it is queued", "[feed]") {
    Feed feed({.topics = {Topic::jobs}});
    last(feed, 0);
    http.script = {[](const HttpRequest&) { return graph_error(500, 131000); }};
    write_text(ada, "wamid.1", "hi");
    work();
    const auto refused = news(feed).events;
    REQUIRE(kinds_of(refused) == Kinds{"send.retry"});
    CHECK(refused[0].what == "message/2 part 1 attempt 2: 131000: no");
    CHECK(news(feed).events.empty());
    world.clock.advance(3s);
    work();
    CHECK(kinds_of(news(feed).events) == Kinds{"send.sent"});

    http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
    write_text(ada, "wamid.2", "one");
    work();
    CHECK(kinds_of(news(feed).events) == Kinds{"send.failed"});
}

TEST_CASE_METHOD(FedPipeline, "feed: statuses are told one by one", "[feed]") {
    Feed feed({.topics = {Topic::messages}});
    write_text(ada, "wamid.1", "hi");
    work();
    last(feed, 0);
    status("wamid.reply1", "delivered");
    work();
    world.clock.advance(1s);
    status("wamid.reply1", "read");
    work();
    write_text(ada, "wamid.2", "hi");
    work();
    status("wamid.reply2", "failed");
    work();
    auto told = news(feed).events;
    std::erase_if(told, [](const ActivityEvent& h) { return h.kind != "message.status"; });
    REQUIRE(told.size() == 3);
    CHECK(told[0].what == "delivered");
    CHECK(told[1].what == "read");
    CHECK(told[2].what == "failed: 131026: Message undeliverable");
}

TEST_CASE_METHOD(FedPipeline, "feed: a webhook is told once it was read, or when nobody reads it", "[feed]") {
    Feed feed({.topics = {Topic::webhooks}});
    last(feed, 0);
    write_text(ada, "wamid.1", "hi");
    CHECK(news(feed).events.empty());
    world.clock.advance(3s);
    const auto unread = news(feed).events;
    REQUIRE(unread.size() == 1);
    CHECK(unread[0].what == "not read yet");
    work();
    write_text(ada, "wamid.1", "hi again");
    work();
    const auto told = news(feed).events;
    REQUIRE(told.size() == 1);
    CHECK(told[0].what == "1 message, 1 double dropped");
    CHECK(told[0].object == "event/2");
}

TEST_CASE_METHOD(FedPipeline, "feed: it is narrowed by topic, device and words", "[feed]") {
    write_text(ada, "wamid.1", "hi");
    work();
    const auto count = [&](Feed::Filter filter) {
        Feed feed(std::move(filter));
        return last(feed).size();
    };
    CHECK(count({.topics = {Topic::devices}, .device = DeviceId{device.value + 1}}) == 0);
    CHECK(count({.topics = {Topic::webhooks}}) == 1);
    CHECK(count({.topics = {Topic::webhooks}, .device = DeviceId{device.value + 1}}) == 0);
    CHECK(count({.fits = [](const ActivityEvent& h) { return h.what.find("rule 1") != std::string::npos; }}) == 1);
}

TEST_CASE_METHOD(FedPipeline, "feed: what was removed unread is counted, what was removed after reading is not missed", "[feed]") {
    Feed feed({});
    write_text(ada, "wamid.1", "hi");
    work();
    last(feed, 0);
    store.write([](Transaction& tx) { tx.execute("DELETE FROM changes"); });
    write_text(ada, "wamid.2", "one");
    work();
    const auto rows = count("SELECT count(*) FROM changes");
    store.write([](Transaction& tx) { tx.execute("DELETE FROM changes WHERE id < (SELECT max(id) FROM changes)"); });
    const Feed::News gap = news(feed);
    CHECK(gap.lost == rows - 1);
    CHECK(news(feed).lost == 0);
    write_text(ada, "wamid.3", "two");
    work();
    CHECK(news(feed).lost == 0);
}

TEST_CASE("every kind of change belongs to a topic") {
    CHECK(topic_of("webhook.refused") == Topic::webhooks);
    CHECK(topic_of("turn.dead") == Topic::jobs);
    CHECK(topic_of("conversation.taken_over") == Topic::contacts);
    CHECK(topic_of("agent.updated") == Topic::devices);
    CHECK(topic_of("something") == Topic::devices);
}
