#include "core/worker/worker_registry.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"

#include "core/queue/jobs.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

/// A store with the fake clock, and processes that enter it under pids that nobody has.
struct Workers {
    WorkerId enter(std::string_view queues) {
        workers::Identity process = workers::this_process();
        process.host = "host" + std::to_string(++entered);
        return store.write([&](Transaction& tx) { return workers::enter(tx, a_cause, process, queues, {}); });
    }
    void heartbeat(WorkerId id, std::string_view queues) {
        store.write([&](Transaction& tx) { workers::heartbeat(tx, id, queues); });
    }
    workers::Attendance attendance() { return store.read(workers::attendance); }
    std::vector<QueueName> unattended() { return attendance().unattended; }

    FakeWorld world;
    ScratchStore store{world.clock};
    int entered = 0;
};

using Queues = std::vector<QueueName>;

}  // namespace

TEST_CASE_METHOD(Workers, "workers: a queue that nobody alive works on is told", "[workers]") {
    CHECK(unattended() == Queues{QueueName::inbox, QueueName::turn, QueueName::send});
    CHECK(attendance().at_work == 0);
    const WorkerId first = enter("inbox,turn");
    CHECK(unattended() == Queues{QueueName::send});
    CHECK(workers::what_is_missing(attendance()) == "no worker is running on send");
    CHECK(workers::way_out(attendance()) == "start one with: wabot worker --queue send");
    const WorkerId second = enter("send");
    CHECK(unattended().empty());
    CHECK(attendance().at_work == 2);

    SECTION("when it was silent for a minute") {
        world.clock.advance(59s);
        heartbeat(first, "inbox,turn");
        CHECK(unattended().empty());
        world.clock.advance(1s);
        CHECK(unattended() == Queues{QueueName::send});
        CHECK(attendance().at_work == 1);
    }
    SECTION("when it has left") {
        store.write([&](Transaction& tx) { workers::leave(tx, a_cause, first, {}); });
        CHECK(unattended() == Queues{QueueName::inbox, QueueName::turn});
    }
    SECTION("until it is heard of again, though it was forgotten meanwhile") {
        world.clock.advance(2h);
        heartbeat(second, "send");
        store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, {}); });
        CHECK(store.read(workers::list).size() == 1);
        CHECK(unattended() == Queues{QueueName::inbox, QueueName::turn});
        heartbeat(first, "inbox,turn");
        CHECK(unattended().empty());
        CHECK(store.read(workers::list).at(0).id == first);
    }
}

TEST_CASE_METHOD(Workers, "workers: jobs without a worker are told of once they are due", "[workers]") {
    enter("inbox,turn,send");
    CHECK(unattended().empty());
    store.write([](Transaction& tx) { retention::enqueue(tx); });
    CHECK(unattended() == Queues{QueueName::job});
    enter("job");
    CHECK(unattended().empty());
}

TEST_CASE_METHOD(Pipeline, "workers: one works on its queues and leaves the others alone", "[workers]") {
    const auto works_on = [this](std::vector<QueueName> queues) {
        options.queues = std::move(queues);
        work();
    };
    write_text(ada, "wamid.1", "hi");
    works_on({QueueName::turn, QueueName::send, QueueName::job});
    CHECK(all().empty());
    works_on({QueueName::inbox});
    CHECK(all().size() == 1);
    // An answer at once takes its first send in hand only where sends are worked on.
    works_on({QueueName::turn});
    CHECK(reply().content == "Hello!");
    CHECK(send_states() == std::vector<std::string>{"queued 1"});
    CHECK(http.requests.empty());
    works_on({QueueName::send});
    CHECK(sent_texts() == std::vector<std::string>{"Hello!"});
}

TEST_CASE_METHOD(Pipeline, "workers: who does not come round has not moved", "[workers]") {
    asio::io_context context(1);
    Worker worker({store.db(), vault, real_world(), http, blobs, registry, metrics, job_kinds}, options, worker_id, context.get_executor());
    CHECK_FALSE(worker.made_progress());
    std::exception_ptr failure;
    asio::co_spawn(context, worker.run(), [&](std::exception_ptr thrown) { failure = thrown; });
    const auto moves = [&] {
        while (!worker.made_progress()) context.run_one();
    };
    moves();
    CHECK_FALSE(worker.made_progress());
    moves();
    worker.stop();
    context.run();
    CHECK_FALSE(failure);
}

TEST_CASE_METHOD(Pipeline, "workers: what was claimed without its worker hearing of it is free as soon as it says so", "[workers]") {
    write_text(ada, "wamid.1", "hi");
    work();
    const auto conversation = ConversationId{count("SELECT id FROM conversations")};
    const auto claimed_lanes = [&](Transaction& tx, Time until) { return lanes::claim_sends(tx, device, 10, until, worker_id).size(); };
    store.write([&](Transaction& tx) { lanes::add(tx, Lane::send, conversation, 1); });
    const Time until = world.clock.now() + 1h;
    CHECK(store.write([&](Transaction& tx) { return claimed_lanes(tx, until); }) == 1);
    const auto state = [&] { return count("SELECT CASE WHEN send_state = 'running' THEN 1 ELSE 0 END FROM conversations"); };
    const auto reclaim = [&] { store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); }); };
    reclaim();
    CHECK(state() == 1);
    store.write([&](Transaction& tx) { lanes::expire(tx, Lane::send, worker_id, until + 1us); });
    reclaim();
    CHECK(state() == 1);
    store.write([&](Transaction& tx) { lanes::expire(tx, Lane::send, worker_id, until); });
    reclaim();
    CHECK(state() == 0);
}
