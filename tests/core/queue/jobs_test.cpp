#include "core/queue/jobs.hpp"
#include "core/base/clock.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/back_off.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

std::vector<std::string> ran;

asio::awaitable<void> note(const JobTools&, const ClaimedJob& job) {
    ran.push_back(job.payload.text);
    co_return;
}
asio::awaitable<void> break_down(const JobTools&, const ClaimedJob&) {
    throw Error(Errc::unavailable, "no luck");
    co_return;
}

constexpr JobKind kinds[] = {{"note", 1, note}, {"broken", 1, break_down}};

struct Jobs : Pipeline {
    Jobs() {
        job_kinds = kinds;
        ran.clear();
        work();  // the hourly retention job is held: nobody here knows it
        store.write([](Transaction& tx) { tx.execute("DELETE FROM jobs"); });
    }
    JobId add(std::string_view kind, std::int64_t version = 1, std::optional<Time> due_at = std::nullopt) {
        return *store.write(
            [&](Transaction& tx) { return jobs::enqueue(tx, {.kind = kind, .version = version, .payload = "{\"n\": 1}", .due_at = due_at}); });
    }
    std::vector<ClaimedJob> claim(int limit = 10) {
        const auto is_known = [](std::string_view kind, std::int64_t version) { return find_job_kind(kinds, kind, version) != nullptr; };
        return store.write([&](Transaction& tx) { return jobs::claim(tx, a_cause, is_known, limit, tx.now() + options.lease, worker_id); });
    }
    std::vector<std::string> states() {
        return store.read([](Snapshot& db) {
            return db.query("SELECT state || ' ' || attempt FROM jobs WHERE kind <> 'retention' ORDER BY id").all<std::string>();
        });
    }
    std::vector<FailedAttempt> failures(JobId id) {
        return store.read([&](Snapshot& db) { return attempts::list(db, QueueName::job, id.value); });
    }
    void reclaim() {
        store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); });
    }
};

using States = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Jobs, "jobs: what is due runs once and is done", "[jobs]") {
    add("note");
    work();
    work();
    CHECK(ran == States{"{\"n\": 1}"});
    CHECK(states() == States{"done 1"});
    CHECK(count("SELECT count(*) FROM jobs WHERE state = 'done' AND finished_at IS NOT NULL AND lease_until IS NULL") == 1);
}

TEST_CASE_METHOD(Jobs, "jobs: a job waits for its time", "[jobs]") {
    add("note", 1, world.clock.now() + 1h);
    work();
    CHECK(ran.empty());
    world.clock.advance(1h);
    work();
    CHECK(ran.size() == 1);
}

TEST_CASE_METHOD(Jobs, "jobs: of those with one unique key only the first is there", "[jobs]") {
    const auto add_keyed = [&] {
        return store.write([](Transaction& tx) { return jobs::enqueue(tx, {.kind = "note", .unique_key = "note/1"}).has_value(); });
    };
    CHECK(add_keyed());
    CHECK_FALSE(add_keyed());
    work();
    CHECK_FALSE(add_keyed());
    CHECK(states() == States{"done 1"});
}

TEST_CASE_METHOD(Jobs, "jobs: an unknown kind or version is held and not counted, and the others go on", "[jobs]") {
    const JobId strange = add("strange");
    add("note", 2);
    add("note");
    work();
    CHECK(states() == States{"held 0", "held 0", "done 1"});
    CHECK(store.read([&](Snapshot& db) { return db.query("SELECT last_error FROM jobs WHERE id = $1", strange).one<std::string>(); }) ==
          "version 1 of kind strange is not known here");
    CHECK(count("SELECT count(*) FROM changes WHERE kind = 'job.held' AND object_type = 'job'") >= 2);
}

TEST_CASE_METHOD(Jobs, "jobs: one that fails is tried again with growing pauses, twenty times, and is dead then", "[jobs]") {
    const JobId id = add("broken");
    work();
    CHECK(states() == States{"ready 1"});
    work();
    CHECK(states() == States{"ready 1"});
    world.clock.advance(3s);
    work();
    CHECK(states() == States{"ready 2"});
    for (int i = 3; i <= 20; ++i) {
        world.clock.advance(8h);
        work();
    }
    CHECK(states() == States{"dead 20"});
    const auto all = failures(id);
    REQUIRE(all.size() == 20);
    CHECK(all[0].attempt == 1);
    CHECK(all[0].error == "no luck");
    CHECK(all[0].worker == worker_id);
    world.clock.advance(100h);
    work();
    CHECK(states() == States{"dead 20"});
}

TEST_CASE("jobs: the pause after an attempt doubles up to six hours, a fifth more or less", "[jobs]") {
    CHECK(back_off(1, 0.5) == 2s);
    CHECK(back_off(3, 0.5) == 8s);
    CHECK(back_off(3, 0.0) == 6400ms);
    CHECK(back_off(60, 0.5) == 6h);
    CHECK(back_off(60, 0.999) < 7h + 12min);
}

TEST_CASE_METHOD(Jobs, "jobs: an expired lease is taken over, and the late worker changes nothing", "[jobs]") {
    const JobId id = add("note");
    const auto first = claim();
    REQUIRE(first.size() == 1);
    reclaim();
    CHECK(states() == States{"running 1"});
    SECTION("unless it is lengthened") {
        world.clock.advance(options.lease - 1s);
        store.write([&](Transaction& tx) { jobs::extend(tx, first[0], tx.now() + options.lease); });
        world.clock.advance(2s);
        reclaim();
        CHECK(states() == States{"running 1"});
    }
    SECTION("and counts") {
        world.clock.advance(options.lease + 1s);
        reclaim();
        CHECK(states() == States{"ready 1"});
        CHECK(failures(id).at(0).error == "its worker stopped");
        const auto second = claim();
        REQUIRE(second.size() == 1);
        CHECK(second[0].attempt == 2);
        store.write([&](Transaction& tx) {
            jobs::finish(tx, first[0]);
            jobs::fail(tx, a_cause, first[0], "late", 0);
            jobs::extend(tx, first[0], tx.now());
        });
        CHECK(states() == States{"running 2"});
        CHECK(failures(id).size() == 1);
        store.write([&](Transaction& tx) { jobs::finish(tx, second[0]); });
        CHECK(states() == States{"done 2"});
    }
}

TEST_CASE_METHOD(Jobs, "jobs: one that kills its workers is dead after its attempts", "[jobs]") {
    add("note");
    for (int i = 0; i < 20; ++i) {
        CHECK(claim().size() == 1);
        world.clock.advance(options.lease + 1s);
        reclaim();
    }
    CHECK(claim().empty());
    CHECK(states() == States{"dead 21"});
}

TEST_CASE_METHOD(Jobs, "jobs: a worker that stops gives back what it holds, a dead one's is released by the next process", "[jobs]") {
    add("note");
    REQUIRE(claim().size() == 1);
    SECTION("gracefully, without counting") {
        store.write([&](Transaction& tx) { workers::leave(tx, a_cause, worker_id, limits()); });
        CHECK(states() == States{"ready 0"});
    }
    SECTION("dead, counting") {
        store.write([&](Transaction& tx) {
            tx.execute("UPDATE workers SET start_ticks = 1");
            workers::enter(tx, a_cause, workers::this_process(), "all", limits());
        });
        CHECK(states() == States{"ready 1"});
    }
    CHECK(claim().size() == 1);
}

TEST_CASE_METHOD(Jobs, "jobs: as many are claimed as asked for, the longest due first", "[jobs]") {
    add("note", 1, world.clock.now() - 1s);
    const JobId oldest = add("note", 1, world.clock.now() - 2s);
    const auto claimed = claim(1);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].id == oldest);
    CHECK(claim(5).size() == 1);
}
