#include "core/operations/queue_stats.hpp"
#include "core/base/clock.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct Queues : Pipeline {
    QueueRow row(QueueName name) {
        const auto rows = store.read([](Snapshot& db) { return queues::list(db); });
        return *std::find_if(rows.begin(), rows.end(), [name](const QueueRow& r) { return r.name == name; });
    }
    bool pause(QueueName name) {
        return store.write([&](Transaction& tx) { return pauses::pause(tx, a_cause, name); });
    }
    bool resume(QueueName name) {
        return store.write([&](Transaction& tx) { return pauses::resume(tx, a_cause, name); });
    }
};

}  // namespace

TEST_CASE_METHOD(Queues, "queues: an empty store has nothing in any", "[queues]") {
    const auto rows = store.read([](Snapshot& db) { return queues::list(db); });
    REQUIRE(rows.size() == 4);
    for (const QueueRow& row : rows) {
        CHECK(row.depth + row.due + row.running + row.retrying + row.dead + row.uncertain + row.held == 0);
        CHECK_FALSE(row.oldest);
        CHECK_FALSE(row.paused_since);
    }
}

TEST_CASE_METHOD(Queues, "queues: a paused queue is left alone, the ones before it go on", "[queues]") {
    CHECK(pause(QueueName::inbox));
    CHECK_FALSE(pause(QueueName::inbox));
    write_text(ada, "wamid.1", "hi");
    const Time came = world.clock.now();
    work();
    world.clock.advance(10s);
    CHECK(row(QueueName::inbox).depth == 1);
    CHECK(row(QueueName::inbox).due == 1);
    CHECK(row(QueueName::inbox).oldest == came);
    CHECK(row(QueueName::inbox).paused_since == came);
    CHECK(row(QueueName::inbox).paused_by == a_cause.actor.label);
    CHECK(all().empty());

    pause(QueueName::turn);
    CHECK(resume(QueueName::inbox));
    CHECK_FALSE(resume(QueueName::inbox));
    work();
    CHECK(row(QueueName::inbox).depth == 0);
    CHECK(row(QueueName::turn).depth == 1);
    CHECK(row(QueueName::turn).due == 1);
    CHECK(all(Direction::incoming).size() == 1);
    CHECK(all(Direction::outgoing).empty());

    pause(QueueName::send);
    resume(QueueName::turn);
    work();
    CHECK(row(QueueName::turn).depth == 0);
    CHECK(row(QueueName::send).depth == 1);
    CHECK(http.requests.empty());

    resume(QueueName::send);
    work();
    CHECK(row(QueueName::send).depth == 0);
    CHECK(reply().status == MessageStatus::sent);
    check_at_rest();
}

TEST_CASE_METHOD(Queues, "queues: jobs wait while their queue is paused", "[queues]") {
    pause(QueueName::job);
    work();
    CHECK(row(QueueName::job).depth == 1);
    resume(QueueName::job);
    work();
    CHECK(row(QueueName::job).depth == 0);
    CHECK(row(QueueName::job).running == 0);
}

TEST_CASE_METHOD(Queues, "queues: what runs, fails, is uncertain, held or given up is counted", "[queues]") {
    options.send_attempts = 1;
    http.script = {[](const HttpRequest&) { return graph_error(500, 131000); },
                   [](const HttpRequest&) -> HttpOutcome {
                       return HttpFailure{true, "closed"};
                   }};
    write_text(ada, "wamid.1", "one");
    work();
    write_text(ada, "wamid.2", "two");
    work();
    post(envelope("messages", text_item(ada, "wamid.3", "hi"), "999"));
    post(Json::array({1}));
    work();
    const QueueRow sends = row(QueueName::send), inbox = row(QueueName::inbox);
    CHECK(sends.dead == 1);
    CHECK(sends.uncertain == 1);
    CHECK(sends.depth == 0);
    CHECK(inbox.held == 1);
    CHECK(inbox.dead == 1);
    CHECK(inbox.depth == 0);
    CHECK(row(QueueName::job).dead == 0);
}

TEST_CASE_METHOD(Queues, "queues: a running worker sees a pause and its end by itself", "[queues]") {
    pause(QueueName::send);
    write_text(ada, "wamid.1", "hi");
    // Pauses of the fake clock do not pass; those of the worker's timers do.
    CHECK(run_until([&] { return all(Direction::outgoing).size() == 1; }));
    CHECK(http.requests.empty());
    CHECK(run_until([&] {
        resume(QueueName::send);
        return http.requests.size() == 1;
    }));
    CHECK(run_until([&] { return reply().status == MessageStatus::sent; }));
}
