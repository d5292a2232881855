#include "core/retention/retention.hpp"
#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/changes/changes.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct Kept : Pipeline {
    std::int64_t run(std::string_view noun) { return blocking(retention::run(store.db(), rule(noun), options.keep)); }
    std::int64_t would_go(std::string_view noun) {
        return store.read([&](Snapshot& db) { return retention::count(db, rule(noun), options.keep); });
    }
    static const retention::Rule& rule(std::string_view noun) {
        const auto rules = retention::all_rules();
        return *std::find_if(rules.begin(), rules.end(), [&](const retention::Rule& r) { return r.noun == noun; });
    }
    std::int64_t bodies() { return count("SELECT count(*) FROM inbox WHERE body IS NOT NULL"); }
};

}  // namespace

TEST_CASE_METHOD(Kept, "retention: bodies of processed webhooks go after their time, their rows and messages stay", "[retention]") {
    write_text(ada, "wamid.1", "hi");
    work();
    world.clock.advance(options.keep.webhooks - 1s);
    write_text(ada, "wamid.2", "hello");
    work();
    CHECK(run("webhook") == 0);
    world.clock.advance(2s);
    CHECK(would_go("webhook") == 1);
    CHECK(would_go("part") == 1);
    CHECK(run("webhook") == 1);
    CHECK(run("part") == 1);
    CHECK(run("webhook") == 0);
    CHECK(run("part") == 0);
    CHECK(bodies() == 1);
    CHECK(count("SELECT count(*) FROM inbox_items") == 1);
    CHECK(count("SELECT count(*) FROM inbox") == 2);
    CHECK(all(Direction::incoming).size() == 2);

    // What comes once more is known still.
    write_text(ada, "wamid.1", "hi");
    CHECK(last_appended == inbox::Appended::repeated);
}

TEST_CASE_METHOD(Kept, "retention: what waits for a person keeps its body, however old", "[retention]") {
    post(envelope("messages", text_item(ada, "wamid.1", "hi"), "999"));
    work();
    REQUIRE(last_event().state == InboxState::unrouted);
    world.clock.advance(10 * options.keep.webhooks);
    CHECK(run("webhook") == 0);
    CHECK(run("part") == 0);
    CHECK(bodies() == 1);
    CHECK(count("SELECT count(*) FROM inbox_items") == 1);
}

TEST_CASE_METHOD(Kept, "retention: many rows go in steps of 500", "[retention]") {
    store.write([&](Transaction& tx) {
        for (int i = 0; i < 1201; ++i) {
            tx.execute("INSERT INTO changes (kind, object_type, object_id, actor, request_id, created_at) VALUES ('x', 'x', 1, 'x', 'x', $1)",
                       tx.now());
            tx.execute("INSERT INTO inbox (kind, digest, body, state, received_at) VALUES ('sim', $1, $1, 'done', $2)", Bytes{std::to_string(i)},
                       tx.now());
            tx.execute("INSERT INTO inbox_items (inbox_id, position, kind, state) SELECT max(id), 0, 'x', 'done' FROM inbox");
        }
    });
    world.clock.advance(options.keep.changes + 1s);
    const auto before = count("SELECT count(*) FROM changes");
    const retention::Step step = store.write([&](Transaction& tx) { return rule("change").step(tx, tx.now() - options.keep.changes, 0); });
    CHECK(step.rows == 500);
    CHECK_FALSE(step.is_last);
    CHECK(run("change") == before - 501);
    CHECK(count("SELECT count(*) FROM changes") == 1);
    CHECK(run("webhook") == 1201);
    CHECK(run("part") == 1201);
    CHECK(count("SELECT count(*) FROM inbox_items") == 0);
}

TEST_CASE_METHOD(Kept, "retention: who reads the feed sees a gap when there is one, and only then", "[retention]") {
    const auto happen = [&] { store.write([](Transaction& tx) { changes::record(tx, {}, "device.created", "device", 1); }); };
    const auto end = [&] { return store.read([](Snapshot& db) { return changes::end(db); }); };
    const auto read = [&](const Cursor& after) { return store.read([&](Snapshot& db) { return changes::read(db, after, 10); }); };
    happen();
    const Cursor early = end();
    for (int i = 0; i < 5; ++i) happen();
    const Cursor late = end();
    world.clock.advance(options.keep.changes + 1s);
    const std::int64_t going = would_go("change");
    CHECK(run("change") == going);
    CHECK(would_go("change") == 0);
    CHECK(end() == late);

    happen();
    CHECK(read(late).rows.size() == 1);
    CHECK(read(late).lost == 0);
    CHECK(read(early).rows.size() == 2);
    CHECK(read(early).lost == 4);
}

TEST_CASE_METHOD(Kept, "retention: finished jobs go after seven days, dead and held ones stay", "[retention]") {
    store.write([](Transaction& tx) {
        for (const char* state : {"ready", "done", "cancelled", "dead", "held"})
            tx.execute("INSERT INTO jobs (kind, state, due_at, finished_at, created_at, updated_at) VALUES ('x', $1, $2, $2, $2, $2)", state,
                       tx.now());
    });
    CHECK(run("job") == 0);
    world.clock.advance(options.keep.jobs + 1s);
    CHECK(would_go("job") == 2);
    CHECK(run("job") == 2);
    CHECK(count("SELECT count(*) FROM jobs WHERE state IN ('ready', 'dead', 'held')") == 3);
}

TEST_CASE_METHOD(Kept, "retention: the record of failed attempts goes with the feed", "[retention]") {
    store.write([](Transaction& tx) {
        tx.execute("INSERT INTO failed_attempts (queue, work_id, attempt, began_at, failed_at, error) VALUES ('job', 1, 1, $1, $1, 'x')", tx.now());
    });
    world.clock.advance(options.keep.changes + 1s);
    CHECK(run("attempt") == 1);
    CHECK(run("attempt") == 0);
}

TEST_CASE_METHOD(Kept, "retention: a worker runs it once an hour, whoever else does", "[retention]") {
    write_text(ada, "wamid.1", "hi");
    work();
    work();
    CHECK(count("SELECT count(*) FROM jobs WHERE kind = 'retention' AND state = 'done'") == 1);
    world.clock.advance(1h);
    work();
    CHECK(count("SELECT count(*) FROM jobs WHERE kind = 'retention' AND state = 'done'") == 2);
    world.clock.advance(options.keep.webhooks + 1h);
    work();
    CHECK(bodies() == 0);
    CHECK(count("SELECT count(*) FROM jobs WHERE kind = 'retention'") == 1);
}
